"""The decision against a small model of the server and of systemd, under any order of events."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.agent.decide import (
    GRACE,
    UNREACHABLE,
    Action,
    AgentEvent,
    ChangeUnit,
    DropPublisher,
    Publisher,
    PublisherMemory,
    PublishRequest,
    Rules,
    Situation,
    Tick,
    UnpublishNotice,
    decide,
)
from restream_agent.systemd import unit_names


@dataclass
class World:
    """The ingest server, systemd and the hooks on their way; actions take effect at once."""

    rules: Rules
    now: float = 0.0
    memory: PublisherMemory = field(default_factory=PublisherMemory)
    publishers: list[Publisher] = field(default_factory=list)
    on_their_way: list[AgentEvent] = field(default_factory=list)
    clients: int = 0
    is_answering: bool = True
    silent_since: float = 0.0
    is_on_air: bool = False
    is_hold_running: bool = False
    live: set[str] = field(default_factory=set)
    holds: int = 0

    def situation(self) -> Situation:
        return Situation(
            now=self.now,
            publishers=tuple(self.publishers) if self.is_answering else None,
            unreachable=0.0 if self.is_answering else self.now - self.silent_since,
            is_on_air=self.is_on_air,
            live_streams=frozenset(self.live),
            is_hold_running=self.is_hold_running,
        )

    def handle(self, event: AgentEvent) -> str:
        decision = decide(self.rules, self.memory, self.situation(), event)
        self.memory = decision.memory
        for action in decision.actions:
            self.perform(action)
        return decision.refusal

    def perform(self, action: Action) -> None:
        if isinstance(action, DropPublisher):
            self.leave(action.publisher, is_told=True)
        elif isinstance(action, ChangeUnit):
            self.change(action.verb, action.unit)

    def change(self, verb: str, unit: str) -> None:
        if unit == unit_names.TARGET:
            self.is_on_air = True
        elif unit == unit_names.HOLD_TIMER:
            assert self.is_on_air
            assert not self.is_hold_running
            self.is_hold_running = True
            self.holds += 1
        elif unit == unit_names.HOLD_SERVICE:
            self.run_out()
        elif verb == "stop":
            self.live.discard(unit_names.stream_of(unit))
        else:
            self.live.add(unit_names.stream_of(unit))
            self.is_hold_running = False  # Conflicts= of live@.service

    def run_out(self) -> None:
        self.is_on_air = self.is_hold_running = False
        self.live.clear()

    def arrive(self, stream: str, *, is_told: bool) -> None:
        """Let a new client publish; `is_told` is whether the hook reaches the agent."""
        self.clients += 1
        publisher = Publisher(f"c{self.clients}", stream)
        if is_told and self.handle(PublishRequest(publisher)):
            return
        if stream not in [present.stream for present in self.publishers]:  # the server refuses a busy stream
            self.publishers.append(publisher)

    def leave(self, publisher: Publisher, *, is_told: bool) -> None:
        if publisher in self.publishers:
            self.publishers.remove(publisher)
            if is_told:
                self.on_their_way.append(UnpublishNotice(publisher))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["arrive", "arrive untold"]), st.integers(0, 1)),
        st.tuples(st.sampled_from(["leave", "leave untold", "deliver", "repeat"]), st.integers(0, 5)),
        st.tuples(st.just("time"), st.integers(1, 40)),
        st.tuples(st.sampled_from(["tick", "server", "agent restarts", "hold runs out"]), st.just(0)),
    ),
    max_size=25,
)


def take(world: World, step: str, number: int) -> None:
    """Take one step in the world."""
    if step.startswith("arrive"):
        world.arrive(("main", "other")[number], is_told=step == "arrive")
    elif step.startswith("leave") and world.publishers:
        world.leave(world.publishers[number % len(world.publishers)], is_told=step == "leave")
    elif step in ("deliver", "repeat") and world.on_their_way:
        at = number % len(world.on_their_way)
        world.handle(world.on_their_way[at] if step == "repeat" else world.on_their_way.pop(at))
    elif step == "time":
        world.now += number
    elif step == "tick":
        world.handle(Tick())
    elif step == "server":
        world.is_answering, world.silent_since = not world.is_answering, world.now
    elif step == "agent restarts":
        world.memory = PublisherMemory(current=world.memory.current)
    elif step == "hold runs out" and world.is_hold_running:
        world.run_out()


@settings(max_examples=500, deadline=None)
@given(STEPS, st.sampled_from([Rules(), Rules(hold=None), Rules(hold=0.0), Rules(standby=True)]))
def test_ticks_with_the_truth_end_in_the_right_state(steps: list[tuple[str, int]], rules: Rules) -> None:
    """With a publisher: on air, and exactly its stream is pulled. Without: no stream, and the hold runs."""
    world = World(rules)
    for step, number in steps:
        take(world, step, number)
    world.is_answering = True
    world.now += max(GRACE, UNREACHABLE)
    world.handle(Tick())
    world.handle(Tick())
    if world.publishers:
        assert world.is_on_air
        assert world.live in [{publisher.stream} for publisher in world.publishers]
        assert not world.is_hold_running
    else:
        assert set() == world.live
        is_timed = bool(rules.hold) and not rules.standby
        assert (world.is_on_air and is_timed) == world.is_hold_running
        assert not (world.is_on_air and rules.hold == 0.0 and not rules.standby)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["hook", "tick", "other hook"]), min_size=1, max_size=8))
def test_a_hold_begins_once_however_often_the_end_of_the_publisher_is_reported(heard: list[str]) -> None:
    """Repeated unpublishes, ticks and unpublishes of other clients do not start the hold again."""
    world = World(Rules())
    world.arrive("main", is_told=True)
    (publisher,) = world.publishers
    world.now += GRACE
    world.leave(publisher, is_told=False)
    stranger = Publisher("stranger", "main")
    events: dict[str, AgentEvent] = {
        "hook": UnpublishNotice(publisher),
        "tick": Tick(),
        "other hook": UnpublishNotice(stranger),
    }
    for name in heard:
        world.handle(events[name])
    assert (0 if set(heard) == {"other hook"} else 1) == world.holds
