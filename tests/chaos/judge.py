"""What a fault cost, and whether that is within its bounds. Pure.

Times are seconds of the monotonic clock; silences are milliseconds.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.flv import is_media
from tests.lab.measure import longest_silence, non_monotonic
from tests.lab.taps import Connection

BEFORE_SECONDS = 2.0  # messages this long before the fault are compared with those after it


@dataclass(frozen=True)
class Seen:
    """What one platform noticed of a fault."""

    connections_lost: int = 0
    gap_ms: float = 0.0
    non_monotonic: int = 0

    def then(self, later: "Seen") -> "Seen":
        """Return what the platform noticed of both, one after the other."""
        return Seen(
            self.connections_lost + later.connections_lost,
            max(self.gap_ms, later.gap_ms),
            self.non_monotonic + later.non_monotonic,
        )

    def problems(self, name: str, *, may_lose: bool = False) -> list[str]:
        """Return in words what is wrong at the platform; one that the fault concerns may lose connections."""
        problems = []
        if self.connections_lost and not may_lose:
            problems.append(f"{name} lost {self.connections_lost} connections")
        if self.non_monotonic:
            problems.append(f"{name}: {self.non_monotonic} packets whose timestamp does not increase")
        return problems


@dataclass(frozen=True)
class Played:
    """The result of a fault. seconds_to_heal is None if it did not heal; end_state is the expected state.

    `bystanders` are the platforms of other channels than the one that was struck; without `others_bound_ms`
    the fault strikes them, too.
    """

    name: str
    text: str
    server: str
    concerns: tuple[str, ...]
    bound_ms: float
    others_bound_ms: float | None
    end_state: str
    healed: bool
    seconds_to_heal: float | None
    platforms: Mapping[str, Seen]
    bystanders: Mapping[str, Seen] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def gap_ms(self) -> float | None:
        """Return the median gap over the platforms that the fault does not concern; None without any."""
        gaps = [seen.gap_ms for name, seen in self.platforms.items() if name not in self.concerns]
        return statistics.median(gaps) if gaps else None

    def bystanders_gap_ms(self) -> float | None:
        """Return the median gap over the platforms of other channels; None without any."""
        gaps = [seen.gap_ms for seen in self.bystanders.values()]
        return statistics.median(gaps) if gaps else None

    def problems(self) -> list[str]:
        """Return in words what is wrong."""
        problems = list(self.complaints)
        if not self.healed and not problems:
            problems.append(f"did not end in the state {self.end_state}")
        for name, seen in self.platforms.items():
            problems += seen.problems(name, may_lose=name in self.concerns)
        for name, seen in self.bystanders.items():
            problems += seen.problems(name, may_lose=self.others_bound_ms is None)
        silences = (
            ("", self.gap_ms(), self.bound_ms),
            (" in other channels", self.bystanders_gap_ms(), self.others_bound_ms),
        )
        for where, gap, bound in silences:
            if gap is not None and bound is not None and gap > bound:
                problems.append(f"a silence of {gap:.0f} ms{where}, more than the bound of {bound:.0f} ms")
        return problems

    def is_ok(self) -> bool:
        """Tell whether the fault healed and cost no more than allowed."""
        return self.healed and not self.problems()


def see(connections: Iterable[Connection], start: float, end: float) -> Seen:
    """Measure what one platform noticed between two times.

    A connection counts as lost if it had media and closed between them. A silence that began before the
    start or lasts beyond the end counts in full.
    """
    every = list(connections)
    lost = [one for one in every if one.has_media() and one.closed is not None and start <= one.closed <= end]
    arrivals = sorted(m.arrived for one in every for m in one.messages if is_media(m))
    return Seen(len(lost), longest_silence(arrivals, start, end), _disorder(every, start, end))


def _disorder(connections: Sequence[Connection], start: float, end: float) -> int:
    """Count timestamps that do not increase from the start on, also against messages before it."""
    faults = 0
    for connection in connections:
        with_before = [m for m in connection.messages if start - BEFORE_SECONDS <= m.arrived <= end]
        before = [m for m in with_before if m.arrived < start]
        faults += non_monotonic(with_before) - non_monotonic(before)
    return faults
