"""The figures of a night, gathered piece by piece, and whether they are as they should be. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.chaos.judge import Seen
from tests.publishers.case import SYNC_MS
from tests.publishers.judge import KINDS
from tests.publishers.reception import SETTLING, TRAILING, ReceivedFrame


@dataclass
class TrackSeconds:
    """The seconds of a connection's clock in which each track had a frame, so far."""

    present: dict[int, set[int]] = field(default_factory=dict)

    def add(self, frames: Iterable[ReceivedFrame]) -> None:
        """Add frames that arrived."""
        for frame in frames:
            self.present.setdefault(frame.kind, set()).add(frame.timestamp // 1000)

    def lacking(self) -> dict[str, list[int]]:
        """Return for each track the seconds without it, but for both ends of the connection."""
        every = set().union(*self.present.values())
        if not every:
            return {name: [] for name in KINDS}
        inner = range(min(every) + SETTLING, max(every) - TRAILING + 1)
        return {
            name: [second for second in inner if second not in self.present.get(kind, set())]
            for name, kind in KINDS.items()
        }

    def problems(self) -> list[str]:
        """Return in words which seconds lack a track."""
        problems = []
        for track, lacking in self.lacking().items():
            if lacking:
                places = ", ".join(f"{second} s" for second in lacking[:5])
                problems.append(f"{len(lacking)} seconds without {track} (at {places})")
        return problems


@dataclass
class NightResult:
    """What each platform noticed, and how far sound was from its picture with each kind of publisher.

    `sync` has for each kind the worst offset of each of its publishers; `sync_end` that of the last
    publisher at each platform.
    """

    seen: dict[str, Seen] = field(default_factory=dict)
    tracks: dict[str, TrackSeconds] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    sync: dict[str, list[float]] = field(default_factory=dict)
    sync_end: dict[str, float | None] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    restarts: Mapping[str, int] = field(default_factory=dict)

    def add(self, name: str, seen: Seen) -> None:
        """Add what a platform noticed in the last stretch."""
        self.seen[name] = self.seen.get(name, Seen()).then(seen)

    def problems(self) -> list[str]:
        """Return in words what is wrong."""
        problems = [f"journal: {line}" for line in self.complaints]
        for name, seen in self.seen.items():
            problems += seen.problems(name)
        for name, seconds in self.tracks.items():
            problems += [f"{name}: {words}" for words in seconds.problems()]
        for name, offset in self.sync_end.items():
            if offset is None:
                problems.append(f"{name}: no live sound with its picture at the end")
            elif abs(offset) > SYNC_MS:
                problems.append(f"{name}: sound is {offset:+.0f} ms from its picture at the end")
        problems += [f"{unit} restarted {count} times" for unit, count in self.restarts.items() if count]
        if not self.published:
            problems.append("nobody published, so nothing was tried")
        return problems
