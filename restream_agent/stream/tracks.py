"""The two tracks of a live source, which need not keep step with each other. Pure.

Sound may come up to LATEST after its picture, in clumps, late, after a pause or never; so may pictures.
Times are whole milliseconds of the broadcast.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.held import HeldTags

LATEST = 2000
"""Milliseconds by which sound may come after its picture and is heard. Silence is sent so much later, in case
that there is sound."""

SLOWEST = 5000
"""Milliseconds without a picture after which any source has stalled, however slow its pictures are."""

UNKNOWN_PACE = 3000
"""The same for a source of which only one picture has come."""

_USUAL_INTERVALS = 3
_PACE = 8
"""How many of the last intervals between pictures tell what is usual."""


class Missing(StrEnum):
    """Which tracks of a connected publisher do not come."""

    NOTHING = ""
    PICTURE = "picture"
    SOUND = "sound"
    ALL = "all"


class HeldTracks:
    """The tags of both tracks that wait for their time. A track that is early does not hold up the other."""

    _tracks: dict[int, HeldTags]

    def __init__(self) -> None:
        self._tracks = {VIDEO: HeldTags(), AUDIO: HeldTags()}

    def __len__(self) -> int:
        return sum(map(len, self._tracks.values()))

    def add(self, tag: Tag) -> None:
        """Hold a tag back, after the others of its track."""
        self._tracks[tag.kind].add(tag)

    def heads(self) -> list[Tag]:
        """Return the first tag of each track, the earlier first."""
        return sorted(
            (track.first for track in self._tracks.values() if track), key=lambda tag: tag.timestamp
        )

    def take_due(self, is_due: Callable[[Tag], bool]) -> Tag | None:
        """Remove the next tag whose time has come and return it, None if all have to wait.

        A sequence header has no time: it comes in its place between the tags.
        """
        for head in self.heads():
            if head.is_sequence_header or is_due(head):
                return self._tracks[head.kind].take()
        return None

    def drop_sound(self, is_lost: Callable[[Tag], bool]) -> None:
        """Throw away sound from the first on, as long as it is lost."""
        track = self._tracks[AUDIO]
        while track and is_lost(track.first):
            track.take()

    @property
    def pictures(self) -> HeldTags:
        """What is held of the picture's track."""
        return self._tracks[VIDEO]

    @property
    def is_too_large(self) -> bool:
        """Whether more is held of a track than any stream can have."""
        return any(track.is_too_large for track in self._tracks.values())

    def clear(self) -> None:
        """Throw all held tags away."""
        for track in self._tracks.values():
            track.clear()


@dataclass
class LiveTracks:
    """When the tracks of a live source came, and how far apart its pictures usually are.

    `sent_at` is when a tag of each track was last sent.
    """

    since: int
    sent_at: dict[int, int] = field(default_factory=dict)
    _arrived_at: dict[int, int] = field(default_factory=dict)
    _intervals: deque[int] = field(default_factory=lambda: deque(maxlen=_PACE))
    _latest: tuple[int, int] | None = None

    @property
    def has_picture(self) -> bool:
        """Whether a picture has ever come."""
        return VIDEO in self._arrived_at

    @property
    def has_sound(self) -> bool:
        """Whether sound has ever come."""
        return AUDIO in self._arrived_at

    def arrived(self, tag: Tag, now: int) -> None:
        """Note that sound or a picture has come."""
        self._arrived_at[tag.kind] = now
        if tag.kind != VIDEO:
            return
        if self._latest is not None:
            at, timestamp = self._latest
            self._intervals.append(max(0, min(now - at, tag.timestamp - timestamp)))
        self._latest = (now, tag.timestamp)

    def paused(self) -> None:
        """Note that the time until the next picture says nothing about the usual interval."""
        self._latest = None

    def picture_limit(self, stall: int) -> int:
        """Return for how many ms no picture may be sent before the source has stalled."""
        if not self._intervals:
            return max(stall, UNKNOWN_PACE)
        usual = sum(self._intervals) / len(self._intervals)
        return max(stall, min(SLOWEST, round(_USUAL_INTERVALS * usual)))

    def stalls_at(self, stall: int) -> int:
        """Return when the source will have stalled, if no picture is sent before."""
        return self.sent_at[VIDEO] + self.picture_limit(stall)

    def stalled(self, now: int) -> Missing:
        """Return what has stopped when the pictures have: they alone, or the sound soon after them."""
        pause = now - self.sent_at[VIDEO]
        return Missing.PICTURE if self._age(AUDIO, now) < pause // 2 else Missing.ALL

    def missing(self, now: int, stall: int) -> Missing:
        """Return which tracks have not come for so long that this is a stall."""
        sound_limit = stall if self.has_sound else stall + LATEST
        is_missing = (
            self._age(VIDEO, now) >= self.picture_limit(stall),
            self._age(AUDIO, now) >= sound_limit,
        )
        return _MISSING[is_missing]

    def _age(self, kind: int, now: int) -> int:
        """Return how long ago a tag of a track came; before the first, how old the connection is."""
        return now - self._arrived_at.get(kind, self.since)


_MISSING = {
    (False, False): Missing.NOTHING,
    (True, False): Missing.PICTURE,
    (False, True): Missing.SOUND,
    (True, True): Missing.ALL,
}
