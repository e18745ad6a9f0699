"""The log of a broadcast's hand-offs: how many of each kind, and how long no packet was sent at each. Pure.

Times are whole milliseconds since the start of the broadcast, as in splice.py.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from restream_agent.stream.hand_off import KINDS, HandOff, Source
from restream_agent.stream.tracks import Missing

BUCKETS = (50, 100, 200, 500, 1000, 2000, 5000)
"""Upper bounds, in ms, for counting gaps by length. A gap above the last bound is in no bucket."""

_REMEMBERED = 20
"""How many of the newest hand-offs are kept one by one."""


class LoggedHandOff(NamedTuple):
    """A hand-off, and the ms from the last packet before it to its first; None if no packet was before it."""

    hand_off: HandOff
    gap: int | None

    @property
    def words(self) -> str:
        """The hand-off in words, such as "now fallback (stall, picture, 1004 ms without a packet)"."""
        hand_off = self.hand_off
        stalled = f", {hand_off.stalled}" if hand_off.stalled else ""
        silence = "" if self.gap is None else f", {self.gap} ms without a packet"
        return f"now {hand_off.source} ({hand_off.kind}{stalled}{silence})"


@dataclass
class HandOffTotals:
    """All hand-offs of one kind.

    `count` is their number, `gaps` the number of those with a gap, `total` the sum of the gaps in ms, and
    `within` the number of gaps up to each bound of BUCKETS.
    """

    count: int = 0
    gaps: int = 0
    total: int = 0
    within: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))

    def add(self, gap: int | None) -> None:
        """Count a hand-off with its gap in ms, None for no gap."""
        self.count += 1
        if gap is not None:
            self.gaps += 1
            self.total += gap
            self.within = [count + (gap <= bound) for count, bound in zip(self.within, BUCKETS, strict=True)]


class HandOffLog:
    """Counts the hand-offs and measures their gaps, given the time of every packet sent.

    `stalls` counts what stopped at the stalls. That of the sound alone is no hand-off.
    """

    def __init__(self, sent_at: int | None) -> None:
        """`sent_at` is when an earlier process sent the last packet; None if no packet was sent."""
        self.totals = {kind: HandOffTotals() for kind in KINDS}
        self.stalls = dict.fromkeys((Missing.PICTURE, Missing.SOUND, Missing.ALL), 0)
        self.recent: deque[LoggedHandOff] = deque(maxlen=_REMEMBERED)
        self._sent_at = sent_at
        self._latest: HandOff | None = None

    def sent(self, latest: HandOff | None, now: int) -> LoggedHandOff | None:
        """Note that packets are sent now, after the hand-off `latest`.

        Returns that hand-off, with its gap, if these are its first packets, else None.
        """
        logged = None
        if latest is not None and latest is not self._latest:
            self._latest = latest
            logged = LoggedHandOff(latest, None if self._sent_at is None else max(0, now - self._sent_at))
            self.totals[latest.kind].add(logged.gap)
            self.recent.append(logged)
            if latest.stalled:
                self.stalls[latest.stalled] += 1
        self._sent_at = now
        return logged

    def go_on(self, latest: HandOff | None) -> None:
        """Go on after `latest`, which an earlier process has made; it is not counted again."""
        if self.recent and self.recent[-1].hand_off == latest:
            self._latest = latest

    def sound_stalled(self) -> None:
        """Count a stall of the sound alone."""
        self.stalls[Missing.SOUND] += 1

    def dump(self) -> dict[str, Any]:
        """Return the log as plain data, from which a restarted program resumes."""
        recent = [
            [hand_off.kind, hand_off.source.value, hand_off.at, gap, hand_off.stalled.value]
            for hand_off, gap in self.recent
        ]
        return {
            "kinds": {kind: asdict(totals) for kind, totals in self.totals.items()},
            "recent": recent,
            "stalls": {kind.value: count for kind, count in self.stalls.items()},
        }

    def resume(self, dumped: Mapping[str, Any]) -> None:
        """Resume from the data of `dump`; ValueError, KeyError or TypeError if they are not such data.

        An earlier version did not say what had stopped at a stall.
        """
        totals = {kind: HandOffTotals(**dumped["kinds"][kind]) for kind in KINDS}
        recent = [
            LoggedHandOff(HandOff(kind, Source(name), at, Missing("".join(stalled))), gap)
            for kind, name, at, gap, *stalled in dumped["recent"]
        ]
        stalls = {kind: int(dumped.get("stalls", {}).get(kind.value, 0)) for kind in self.stalls}
        self.totals = totals
        self.stalls = stalls
        self.recent.extend(recent)
