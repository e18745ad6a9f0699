"""The hand-offs of a broadcast, counted: which kinds, and how long no packet was sent at each. Pure.

Times are whole milliseconds since the start of the broadcast, as in splice.py.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from restream_agent.stream.splice import KINDS, HandOff, Source

BUCKETS = (50, 100, 200, 500, 1000, 2000, 5000)
"""Upper bounds in ms of the gaps that are counted together; what is above the last counts only in all."""

_REMEMBERED = 20


class Noted(NamedTuple):
    """A hand-off and its gap: ms from the last packet before it to its first, None if there was none."""

    change: HandOff
    gap: int | None


@dataclass
class HandOffTotals:
    """All hand-offs of one kind: how many, the gaps' sum in ms, and how many were within each bucket."""

    count: int = 0
    gaps: int = 0
    total: int = 0
    within: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))

    def add(self, gap: int | None) -> None:
        """Count one more."""
        self.count += 1
        if gap is not None:
            self.gaps += 1
            self.total += gap
            self.within = [had + (gap <= bound) for had, bound in zip(self.within, BUCKETS, strict=True)]


class HandOffLog:
    """Told of every packet that is sent, it knows what each hand-off cost."""

    def __init__(self, sent_at: int | None) -> None:
        """`sent_at` is when the last packet was sent, by an earlier process too; None if none was."""
        self.tallies = {kind: HandOffTotals() for kind in KINDS}
        self.recent: deque[Noted] = deque(maxlen=_REMEMBERED)
        self._sent_at = sent_at
        self._known: HandOff | None = None

    def sent(self, change: HandOff | None, now: int) -> Noted | None:
        """Note that packets go out now, after `change`; return the hand-off if these are its first."""
        noted = None
        if change is not None and change is not self._known:
            self._known = change
            noted = Noted(change, None if self._sent_at is None else max(0, now - self._sent_at))
            self.tallies[change.kind].add(noted.gap)
            self.recent.append(noted)
        self._sent_at = now
        return noted

    def dump(self) -> dict[str, Any]:
        """Return, as plain data, what a program that is restarted goes on from."""
        recent = [[change.kind, change.source.value, change.at, gap] for change, gap in self.recent]
        return {"kinds": self._kinds(), "recent": recent}

    def resume(self, dumped: Mapping[str, Any]) -> None:
        """Go on from what `dump` made; ValueError, KeyError or TypeError if it is something else."""
        tallies = {kind: HandOffTotals(**dumped["kinds"][kind]) for kind in KINDS}
        recent = [Noted(HandOff(kind, Source(name), at), gap) for kind, name, at, gap in dumped["recent"]]
        self.tallies = tallies
        self.recent.extend(recent)

    def _kinds(self) -> dict[str, dict[str, Any]]:
        return {kind: asdict(one) for kind, one in self.tallies.items()}
