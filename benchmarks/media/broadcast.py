"""What happens to one tool, cycle by cycle: the same for every tool."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.media.sessions import Sessions, kill
from benchmarks.media.tool import Stage, Tool
from tests.lab import units
from tests.lab.deadline import LabError

LOOK_SECONDS = 0.05
STEADY_SECONDS = 4.0
AWAY_SECONDS = 6.0
BACK_SECONDS = 6.0
FROZEN_SECONDS = 8.0  # longer than the 5 s after which the peers' servers throw a silent publisher out
THAWED_SECONDS = 6.0
STALE_SECONDS = 3.0  # frozen before another publisher takes over
TAKEN_SECONDS = 8.0  # the peers' servers refuse it until the stale one is thrown out
KILLED_SECONDS = 6.0
RESTARTED_SECONDS = 6.0
CYCLE_SECONDS = sum(
    (STEADY_SECONDS, AWAY_SECONDS, BACK_SECONDS, FROZEN_SECONDS, THAWED_SECONDS, STALE_SECONDS, TAKEN_SECONDS,
     KILLED_SECONDS, RESTARTED_SECONDS)
)  # fmt: skip
APART_SECONDS = 4.0
"""Between the beginnings of two tools: no tool is killed or restarted within 2 s of another."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a tool, in seconds of the monotonic clock: it counts until `until`."""

    kind: str
    at: float
    until: float


@dataclass
class Record:
    """All that is known of one tool's broadcast apart from what arrived; sizes in KiB."""

    began: float = 0.0
    ended: float = 0.0
    events: list[Event] = field(default_factory=list)
    sent: dict[int, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)


class Broadcast:
    """Plays the cycles of one tool."""

    def __init__(self, tool: Tool, stage: Stage, sessions: Sessions, stop: threading.Event) -> None:
        self.record = Record()
        self._tool, self._stage, self._sessions, self._stop = tool, stage, sessions, stop

    def begin(self) -> None:
        """Start to publish."""
        self._sessions.come()

    def watch(self, seconds: float) -> None:
        """Let it run, and let the publisher reconnect; LabError if the run was stopped."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._sessions.tend()
            if self._stop.wait(LOOK_SECONDS):
                raise LabError("the run was stopped")

    def play(self, cycles: int, delay: float) -> None:
        """Play the cycles, after a delay in seconds that keeps the tools apart."""
        self.watch(delay)
        self.record.began = time.monotonic()
        for number in range(cycles):
            self.watch(STEADY_SECONDS)
            if number == 0:
                self.record.memory = memory(self._tool, self._stage)
            self._cycle()
        self.record.ended = time.monotonic()

    def play_steadily(self, seconds: float) -> None:
        """Play without an event."""
        self.record.began = time.monotonic()
        self.watch(seconds)
        self.record.ended = time.monotonic()

    def end(self) -> None:
        """End every session and read what was sent."""
        self._sessions.end()
        for session in self._sessions.every:
            self.record.sent.update(session.sent())

    def _cycle(self) -> None:
        sessions = self._sessions
        self._event("drop", AWAY_SECONDS)
        self._event("return", BACK_SECONDS)
        self._event("freeze", FROZEN_SECONDS)
        self._event("thaw", THAWED_SECONDS)
        stale = sessions.freeze()
        self.watch(STALE_SECONDS)
        self._event("takeover", TAKEN_SECONDS)
        kill(stale)
        self._event("killed", KILLED_SECONDS)
        self._event("restart", RESTARTED_SECONDS)

    def _event(self, kind: str, seconds: float) -> None:
        actions: dict[str, Callable[[], object]] = {
            "drop": self._sessions.leave, "return": self._sessions.come, "freeze": self._sessions.freeze,
            "thaw": self._sessions.thaw, "takeover": self._sessions.come,
            "killed": lambda: self._tool.kill(self._stage),
            "restart": lambda: self._stage.container.run(("systemctl", "restart", self._tool.restarted)),
        }  # fmt: skip
        at = time.monotonic()
        actions[kind]()
        self.watch(at + seconds - time.monotonic())
        self.record.events.append(Event(kind, at, time.monotonic()))


def memory(tool: Tool, stage: Stage) -> dict[str, int]:
    """Return the proportional set size in KiB of each process of a tool, summed over equal names."""
    sizes: dict[str, int] = {}
    for unit in tool.units():
        for cost in filter(None, map(units.cost, units.pids(stage.container, unit))):
            label = f"{unit.removesuffix('.service')}: {cost.name}"
            sizes[label] = sizes.get(label, 0) + (cost.pss or cost.rss)
    return sizes
