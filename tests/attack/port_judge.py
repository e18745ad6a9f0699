"""What an attack on the public port did, whether that is within its bounds, and the table. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.chaos.on_servers import show_problems
from tests.demo.screen import Screen

RECOVERED_WITHIN = 10.0
"""Seconds from the end of an attack until the port works again."""

BACK_WITHIN = 20.0
"""Seconds from the port's recovery until every platform receives OBS's picture again. OBS waits 2 s between
two attempts, and the agent drops a publisher whose stream SRS has lost after 8 s."""

GAP_MS = 200.0
MIB = 1024.0

TITLES = (
    f"{'server':11}{'attack':24}{'on air':>7}{'works again':>13}{'OBS back':>10}{'lost':>6}"
    f"{'gap':>9}{'later':>9}{'ingest':>10}{'restarts':>10}{'hands':>7}"
)


@dataclass(frozen=True)
class PortOutcome:
    """The result of one attack.

    Times are in seconds, None for never. `memory` has each unit's peak in KiB, `limits` its `MemoryMax=`.
    `checks` are the tries of the port during the attack, `restarts` those of the ingest server.
    `gap_ms` is the longest silence of the platforms during the attack, `reconnect_gap_ms` the one while OBS
    reconnects. `is_after_drop` says that the port was dead until OBS dropped: `recovery` counts from there.
    """

    name: str
    server: str
    is_on_air: bool
    recovery: float | None
    back: float | None
    lost: int
    gap_ms: float | None
    restarts: int
    memory: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)
    checks: tuple[bool, ...] = ()
    complaints: tuple[str, ...] = ()
    is_after_drop: bool = False
    reconnect_gap_ms: float | None = None

    def problems(self) -> list[str]:
        """Return in words what is wrong."""
        problems = list(self.complaints)
        if self.recovery is None or self.recovery > RECOVERED_WITHIN:
            problems.append(f"the port works again after {_seconds(self.recovery)}")
        if self.back is None or self.back > BACK_WITHIN:
            problems.append(f"OBS is back after {_seconds(self.back)}")
        if self.lost:
            problems.append(f"the platforms lost {self.lost} connections")
        for gap, when in ((self.gap_ms, "during the attack"), (self.reconnect_gap_ms, "as OBS reconnects")):
            if gap is not None and gap > GAP_MS:
                problems.append(f"a silence of {gap:.0f} ms {when}")
        for unit, peak in self.memory.items():
            if unit in self.limits and peak > self.limits[unit]:
                problems.append(f"{unit} had {peak / MIB:.0f} MiB of {self.limits[unit] / MIB:.0f}")
        return problems

    def hands(self) -> int:
        """Return whether a hand was needed: the port or OBS did not come back."""
        return int(self.recovery is None or self.back is None)


def row(outcome: PortOutcome, screen: Screen) -> str:
    """Return an outcome's line of the table."""
    ingest = max((peak for unit, peak in outcome.memory.items() if "ingest" in unit), default=0.0)
    figures = (
        f"{'yes' if outcome.is_on_air else 'no':>7}"
        f"{_seconds(outcome.recovery) + '*' * outcome.is_after_drop:>13}{_seconds(outcome.back):>10}"
        f"{outcome.lost:6}{_gap(outcome.gap_ms):>9}{_gap(outcome.reconnect_gap_ms):>9}"
        f"{ingest / MIB:>6.0f} MiB{outcome.restarts:10}{outcome.hands():7}"
    )
    mark = screen.paint("FAIL", "bad") if outcome.problems() else screen.paint("ok", "good")
    return f"{outcome.server:11}{outcome.name:24}{figures}  {mark}"


def show(outcomes: Iterable[PortOutcome], screen: Screen) -> None:
    """Write the table and the problems to the terminal."""
    results = list(outcomes)
    screen.plain()
    screen.plain(TITLES)
    for outcome in results:
        screen.plain(row(outcome, screen))
    if any(outcome.is_after_drop for outcome in results):
        screen.plain("* after OBS dropped: while a stream is received, its server is not restarted")
    show_problems(results, screen)


def _gap(gap: float | None) -> str:
    return "" if gap is None else f"{gap:.0f} ms"


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
