"""The program's clock: one strictly increasing timeline, made from sources that have their own clocks.

Pure. All times are whole milliseconds. `now` counts from the start of the broadcast. A tag's timestamp is on
its source's clock until `stamp` has moved it onto the program's timeline.
"""

from dataclasses import dataclass, field

from restream_agent.stream.flv import AUDIO, VIDEO, Tag

LEAD_LIMIT = 500
"""How far the program may run ahead of the wall clock, in ms. A platform's player then never has to wait or
skip."""

LIVE_LEAD_LIMIT = 450
"""The same for the live source. It is smaller, so that a cut from live, 1 ms after its last tag, stays within
LEAD_LIMIT."""

_STEP_BACK = 300
"""Milliseconds by which audio and video of a source may be interleaved. A larger step back is a jump."""

_BUMP_LIMIT = 40
"""Milliseconds by which a tag is moved at most to come after the tag before it. More is a jump."""

_DRIFT = 250
"""Milliseconds. A source that is steadily further than this from the wall clock has paused, or its clock has
another speed."""

_STEADY = 3000
"""Milliseconds of wall time for which a distance is watched before it counts as steady."""

SHOWN = 0
"""A key beside AUDIO and VIDEO: the latest time at which a sent picture is shown."""


@dataclass
class Timeline:
    """The position of the program, and the offset of the current source's clock.

    `last` has the last timestamp sent for AUDIO and for VIDEO, and under SHOWN the latest time at which a
    picture is shown, which B-frames make later. The next source begins after all three.
    program/crash_state.py keeps `last` across a restart of the program, which goes on after it.
    """

    last: dict[int, int] = field(default_factory=lambda: {AUDIO: -1, VIDEO: -1, SHOWN: -1})
    _offset: int = 0
    _first: int = 0
    _newest: int = 0
    _lags: tuple[int, int] | None = None
    _lags_since: int = 0

    @property
    def end(self) -> int:
        """The latest of the times in `last`; -1 before the first tag."""
        return max(self.last.values())

    def begin(self, first: int, at: int, now: int) -> int:
        """Begin a source: its timestamp `first` becomes `at`, or a later time after all that was sent.

        Audio and video share the offset, which keeps them in sync. Returns the timestamp of the cut.
        """
        cut = max(at, self.end + 1, 0)
        self._offset = cut - first
        self._first = self._newest = first
        self._watch_lag(now)
        return cut

    def stamp(self, tag: Tag, now: int) -> Tag | None:
        """Return a tag of the current source with its timestamp on the timeline.

        Returns None for a tag that belongs before the keyframe at which the source began.
        """
        if self._jumps(tag.timestamp, now):
            self.begin(tag.timestamp, now, now)
        if tag.is_keyframe and now - self._lags_since >= _STEADY:
            self._follow_wall(tag.timestamp, now)
        last = self.last[tag.kind]
        stamp = tag.timestamp + self._offset
        if stamp <= last and tag.timestamp < self._first:
            return None
        if last + 1 - stamp > _BUMP_LIMIT:
            stamp = self.begin(tag.timestamp, now, now)
        stamp = max(stamp, last + 1)
        self._note(tag.timestamp, now)
        self.last[tag.kind] = stamp
        self.last[SHOWN] = max(self.last[SHOWN], stamp + tag.composition_time)
        return Tag(tag.kind, stamp, tag.body)

    def is_ahead(self, tag: Tag, now: int) -> bool:
        """Whether it is too early to send a live tag, unless its source's clock has jumped."""
        return self.send_at(tag) > now and not self._jumps(tag.timestamp, now)

    def send_at(self, tag: Tag) -> int:
        """Return the earliest time at which sending a live tag keeps the lead within its limit."""
        return tag.timestamp + tag.composition_time + self._offset - LIVE_LEAD_LIMIT

    def shift(self, milliseconds: int) -> None:
        """Delay all further tags by so many ms, in which nothing was sent."""
        self._offset += milliseconds

    def place(self, header: Tag) -> Tag:
        """Return a sequence header at the current position; it takes up no time."""
        return Tag(header.kind, max(self.last[header.kind], 0), header.body)

    def _jumps(self, timestamp: int, now: int) -> bool:
        step = timestamp - self._newest
        return step < -_STEP_BACK or (step > LEAD_LIMIT and timestamp + self._offset - now > LEAD_LIMIT)

    def _follow_wall(self, timestamp: int, now: int) -> None:
        """Keep a source near the wall clock. It is moved at keyframes, where a step in time is least visible.

        A source that is late and does not catch up has lost that time for good: it is moved forward to the
        wall clock. A source that is early has a fast clock: it is moved back by what fits between two frames,
        so that its lead does not grow up to the limit.
        """
        least, most = self._lags or (0, 0)
        self._watch_lag(now)
        if least > _DRIFT and most - least < _DRIFT:
            self._offset += least
        elif most < -_DRIFT:
            room = timestamp + self._offset - self.end - 1
            self._offset -= max(0, min(room, -most - _DRIFT))

    def _watch_lag(self, now: int) -> None:
        self._lags = None
        self._lags_since = now

    def _note(self, timestamp: int, now: int) -> None:
        self._newest = max(self._newest, timestamp)
        lag = now - timestamp - self._offset
        least, most = self._lags or (lag, lag)
        self._lags = min(least, lag), max(most, lag)
