"""A small model of the ingest server, of systemd and of the operator, for decisions in any order.

Effects are slow. What a decision asks for is carried out some events after the look that it rests on, and a
broadcast ends in three steps: `restream-off-air.service` begins, the target becomes inactive once every relay
has stopped, the service ends.
"""

from dataclasses import dataclass, field

from restream_agent.agent.actions import Action, ChangeUnit, ClearOperatorRequests, DropPublisher
from restream_agent.agent.decide import (
    AgentEvent,
    PublisherMemory,
    PublishRequest,
    Rules,
    UnpublishNotice,
    decide,
)
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.systemd import unit_names


@dataclass
class Broadcast:
    """The units. `broadcast` counts the broadcasts; `hold_of` is the broadcast in which the hold began.

    `is_ending` is true while restream-off-air.service runs, `is_stopping` while a stop of the target waits.
    """

    is_on_air: bool = False
    is_ending: bool = False
    is_stopping: bool = False
    live: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    broadcast: int = 0
    holds: int = 0
    hold_of: int | None = None

    def change(self, verb: str, unit: str) -> None:
        """Do what systemd does by the dependencies of our units; the agent starts with --job-mode=fail."""
        if unit == unit_names.TARGET:
            self.start_target()
        elif unit == unit_names.HOLD_TIMER:
            self.change_hold(verb)
        elif unit == unit_names.HOLD_SERVICE:
            self.begin_end()
        elif unit_names.is_live_unit(unit):
            self.change_live(verb, unit_names.stream_of(unit))

    def start_target(self) -> None:
        if not self.is_stopping and not self.is_on_air:
            self.is_on_air = True
            self.broadcast += 1

    def change_hold(self, verb: str) -> None:
        if verb == "stop":
            self.hold_of = None
        elif self.is_on_air and not self.is_stopping and self.hold_of is None:  # Requisite=, After=
            self.hold_of = self.broadcast
            self.holds += 1

    def change_live(self, verb: str, stream: str) -> None:
        self.waiting.discard(stream)
        self.live.discard(stream)
        if verb != "stop":
            (self.waiting if self.is_ending else self.live).add(stream)  # After=restream-off-air.service
            self.hold_of = None  # Conflicts=

    def begin_end(self) -> None:
        if not self.is_ending:
            self.is_ending, self.is_stopping = True, self.is_on_air
            self.live.clear()  # PartOf=: what runs now is stopped, and what starts later is not
            self.hold_of = None

    def stop_target(self) -> None:
        """The last relay has stopped."""
        if self.is_stopping:
            self.is_on_air = self.is_stopping = False

    def end_end(self) -> None:
        """restream-off-air.service has ended, and what waited for it starts."""
        if self.is_ending and not self.is_stopping:
            self.is_ending = False
            self.live, self.waiting = self.live | self.waiting, set()

    def run_out(self) -> None:
        """The hold's timer elapses: it ends the broadcast in which it began, and no other."""
        if self.hold_of is not None:
            assert self.hold_of == self.broadcast, "the hold ends a later broadcast"
            self.hold_of = None
            self.begin_end()

    def settle(self) -> None:
        """Let what is under way end."""
        self.stop_target()
        self.end_end()


@dataclass
class World:
    """The server, the operator's marks, the hooks on their way, and the agent."""

    rules: Rules
    units: Broadcast = field(default_factory=Broadcast)
    now: float = 0.0
    memory: PublisherMemory = field(default_factory=PublisherMemory)
    publishers: list[Publisher] = field(default_factory=list)
    on_their_way: list[AgentEvent] = field(default_factory=list)
    undone: list[Action] = field(default_factory=list)
    clients: int = 0
    is_answering: bool = True
    silent_since: float = 0.0
    is_opened: bool = False
    is_ended: bool = False
    thrown_out: set[str] = field(default_factory=set)

    def situation(self) -> Situation:
        units = self.units
        return Situation(
            now=self.now,
            publishers=tuple(self.publishers) if self.is_answering else None,
            unreachable=0.0 if self.is_answering else self.now - self.silent_since,
            is_on_air=units.is_on_air,
            is_ending=units.is_ending,
            live_streams=frozenset(units.live),
            is_hold_running=units.hold_of is not None,
            is_opened=self.is_opened,
            is_ended=self.is_ended,
        )

    def handle(self, event: AgentEvent) -> str:
        """Have the agent decide, after it has done all that the decision before asked for."""
        self.act()
        decision = decide(self.rules, self.memory, self.situation(), event)
        self.memory = decision.memory
        self.undone = list(decision.actions)
        return decision.refusal

    def act(self, count: int = 1000) -> None:
        """Do the next actions of the last decision."""
        while self.undone and count:
            count -= 1
            action = self.undone.pop(0)
            if isinstance(action, DropPublisher):
                self.leave(action.publisher, is_told=True)
            elif isinstance(action, ClearOperatorRequests):
                self.is_opened = self.is_ended = False
            elif isinstance(action, ChangeUnit):
                self.units.change(action.verb, action.unit)

    def arrive(self, stream: str, *, is_told: bool) -> None:
        """Let a new client publish; `is_told` is whether the hook reaches the agent."""
        self.clients += 1
        publisher = Publisher(f"c{self.clients}", stream)
        if is_told and self.handle(PublishRequest(publisher)):
            return
        # The hook's answer waits until the agent has disconnected the others.
        while any(isinstance(action, DropPublisher) for action in self.undone):
            self.act(1)
        if stream not in [present.stream for present in self.publishers]:  # the server refuses a busy stream
            self.publishers.append(publisher)

    def leave(self, publisher: Publisher, *, is_told: bool) -> None:
        if publisher in self.publishers:
            self.publishers.remove(publisher)
            if is_told:
                self.on_their_way.append(UnpublishNotice(publisher))

    def off_air(self) -> None:
        """`restream-agent off-air`, which waits for the end."""
        self.is_ended, self.is_opened = True, False
        self.units.begin_end()

    def on_air(self) -> None:
        """`restream-agent on-air`: waits for an end that is under way."""
        self.units.settle()
        self.is_opened, self.is_ended = True, False
        self.units.start_target()
        self.units.change_hold("stop")

    def restart_agent(self) -> None:
        self.undone.clear()
        self.memory = PublisherMemory(current=self.memory.current)
