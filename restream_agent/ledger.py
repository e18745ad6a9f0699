"""The hand-offs of a broadcast, counted: which kinds, and how long no packet was sent at each. Pure.

Times are whole milliseconds since the start of the broadcast, as in splice.py.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from restream_agent.splice import HandOff

BUCKETS = (50, 100, 200, 500, 1000, 2000, 5000)
"""Upper bounds in ms of the gaps that are counted together; what is above the last counts only in all."""

_REMEMBERED = 20


class Noted(NamedTuple):
    """A hand-off and its gap: ms from the last packet before it to its first, None if there was none."""

    change: HandOff
    gap: int | None


@dataclass
class Tally:
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


class Ledger:
    """Told of every packet that is sent, it knows what each hand-off cost."""

    def __init__(self, sent_at: int | None) -> None:
        """`sent_at` is when the last packet was sent, by an earlier process too; None if none was."""
        self.tallies: dict[str, Tally] = {}
        self.recent: deque[Noted] = deque(maxlen=_REMEMBERED)
        self._sent_at = sent_at
        self._known: HandOff | None = None

    def sent(self, change: HandOff | None, now: int) -> Noted | None:
        """Note that packets go out now, after `change`; return the hand-off if these are its first."""
        noted = None
        if change is not None and change is not self._known:
            self._known = change
            noted = Noted(change, None if self._sent_at is None else max(0, now - self._sent_at))
            self.tallies.setdefault(change.kind, Tally()).add(noted.gap)
            self.recent.append(noted)
        self._sent_at = now
        return noted

    def as_json(self, now: int) -> dict[str, Any]:
        """Return the tallies by kind, and the newest hand-offs with how long ago they were, in ms."""
        return {
            "kinds": {
                kind: {"count": one.count, "gaps": one.gaps, "total": one.total, "within": one.within}
                for kind, one in self.tallies.items()
            },
            "recent": [
                {"kind": change.kind, "source": change.source, "ago": now - change.at, "gap": gap}
                for change, gap in self.recent
            ],
        }
