"""What a fault cost, and whether that is right. Pure: connections and times in, figures and words out.

Times are seconds of the monotonic clock, silences milliseconds.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.flv import is_media
from tests.lab.measure import longest_silence, non_monotonic
from tests.lab.taps import Connection

BEFORE_SECONDS = 2.0  # of messages before the fault, with which those after it are compared


@dataclass(frozen=True)
class Seen:
    """What one platform saw of a fault."""

    connections_lost: int
    gap_ms: float
    non_monotonic: int


@dataclass(frozen=True)
class Played:
    """How one fault went; seconds_to_heal is None when it did not, `end_state` is what was to be reached."""

    name: str
    text: str
    server: str
    concerns: tuple[str, ...]
    bound_ms: float
    end_state: str
    healed: bool
    seconds_to_heal: float | None
    platforms: Mapping[str, Seen]
    complaints: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def gap_ms(self) -> float | None:
        """Return the median gap over the platforms that the fault does not concern; None without any."""
        gaps = [seen.gap_ms for name, seen in self.platforms.items() if name not in self.concerns]
        return statistics.median(gaps) if gaps else None

    def problems(self) -> list[str]:
        """Say in words what is not as it should be."""
        found = list(self.complaints)
        if not self.healed and not found:
            found.append(f"did not end in {self.end_state}")
        for name, seen in self.platforms.items():
            if seen.connections_lost and name not in self.concerns:
                found.append(f"{name} lost {seen.connections_lost} connections")
            if seen.non_monotonic:
                found.append(f"{name}: {seen.non_monotonic} packets not later than the one before")
        gap = self.gap_ms()
        if gap is not None and gap > self.bound_ms:
            found.append(f"a silence of {gap:.0f} ms, more than {self.bound_ms:.0f} ms")
        return found

    def is_ok(self) -> bool:
        """Tell whether it healed and cost no more than it may."""
        return self.healed and not self.problems()


def see(connections: Iterable[Connection], start: float, end: float) -> Seen:
    """Measure what one platform saw between two moments.

    A connection is lost if media arrived on it and it closed in between. A silence that began before the
    start, or that lasts beyond the end, counts in full.
    """
    every = list(connections)
    lost = [one for one in every if one.has_media() and one.closed is not None and start <= one.closed <= end]
    arrivals = sorted(m.arrived for one in every for m in one.messages if is_media(m))
    return Seen(len(lost), longest_silence(arrivals, start, end), _disorder(every, start, end))


def _disorder(connections: Sequence[Connection], start: float, end: float) -> int:
    """Count what is out of order from the start on, compared with what came before it, too."""
    faults = 0
    for one in connections:
        with_before = [m for m in one.messages if start - BEFORE_SECONDS <= m.arrived <= end]
        before = [m for m in with_before if m.arrived < start]
        faults += non_monotonic(with_before) - non_monotonic(before)
    return faults
