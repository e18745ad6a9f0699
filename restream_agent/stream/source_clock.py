"""One clock for a publisher's connection, whatever its timestamps do. Pure.

FLV has 32 bits for a timestamp, RTMP too, and SRS passes on 31 of them: a clock that began a while ago goes
back to 0 in the middle of a stream. Encoders also restart their clocks. Here such a clock goes on as it was:
nothing after this module sees a leap. All times are in ms; `now` is that of the broadcast.
"""

from restream_agent.stream.flv import Tag

WRAPS = (2**32, 2**31)
"""Where a clock begins again at 0: as RTMP has it, and as SRS passes it on."""

LARGEST_STEP_BACK = 1000
"""Milliseconds by which a tag may be earlier than the one before it in its track. More is another clock."""

LARGEST_PAUSE = 120_000
"""Milliseconds of stream that may be missing in a track, beyond the time between two arrivals: what a server
or OBS has dropped. A larger step is another clock."""


class SourceClock:
    """Turns the timestamps of one connection into those of a clock that goes on.

    Both tracks share the clock, so they stay together. A track that still has tags of the earlier clock, such
    as sound that comes later than its picture, is on that clock until its own timestamps leap.
    """

    _offset: int
    _earlier: int
    _newest: tuple[int, int] | None
    _tracks: dict[int, tuple[int, int, int]]

    def __init__(self) -> None:
        self._offset = self._earlier = 0
        self._newest = None
        self._tracks = {}

    def continued(self, tag: Tag, now: int) -> Tag:
        """Return a tag that arrives now, with its timestamp on the clock. Headers have no time."""
        if not tag.is_media:
            return tag
        offset = self._offset_of(tag, now)
        timestamp = tag.timestamp + offset
        self._tracks[tag.kind] = (timestamp, now, offset)
        if self._newest is None or timestamp > self._newest[0]:
            self._newest = (timestamp, now)
        return tag if offset == 0 else Tag(tag.kind, timestamp, tag.body)

    def _offset_of(self, tag: Tag, now: int) -> int:
        """Return the offset of the clock that a tag is on; another than before counts for both tracks."""
        if self._newest is None:
            return 0
        is_known = tag.kind in self._tracks
        last, at, own = self._tracks[tag.kind] if is_known else (*self._newest, self._offset)
        least = -LARGEST_STEP_BACK if is_known else -LARGEST_PAUSE
        most = now - at + LARGEST_PAUSE
        candidates = (own, self._offset, self._earlier, *(self._offset + wrap for wrap in WRAPS))
        fitting = [offset for offset in candidates if least <= tag.timestamp + offset - last <= most]
        if not fitting:
            fitting = [last + max(1, now - at) - tag.timestamp]
        expected = last + now - at
        nearest = min(fitting, key=lambda offset: abs(tag.timestamp + offset - expected))
        if nearest not in (own, self._offset):
            self._earlier, self._offset = self._offset, nearest
        return nearest
