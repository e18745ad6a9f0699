"""The program's clock: one strictly increasing timeline made from sources with clocks of their own.

Pure. All times are whole milliseconds: `now` counts from the start of the broadcast, a tag's
timestamp is its source's until `stamp` has moved it onto the program's timeline.
"""

from dataclasses import dataclass, field

from restream_agent.stream.flv import AUDIO, VIDEO, Tag

LEAD_LIMIT = 500
"""How far the program may run ahead of the wall. A platform's player never has to wait or skip."""

LIVE_LEAD_LIMIT = 450
"""The same for the live source, so that a cut away from it, 1 ms after its end, stays within."""

_STEP_BACK = 300
"""Audio and video of one source may be interleaved this far apart; further back is a jump."""

_BUMP_LIMIT = 40
"""A tag that collides with the one before it is moved by at most this; further is a jump."""

_DRIFT = 250
"""A source this far from the wall, steadily, has paused or has a clock of another speed."""

_STEADY = 3000
"""How long, in wall time, a distance from the wall is watched before it is called steady."""


SHOWN = 0
"""Beside AUDIO and VIDEO: the latest time at which a picture that was sent is to be shown."""


@dataclass
class Timeline:
    """Where the program stands, and how the current source's clock maps onto it.

    `last` holds the last timestamp sent for audio and for video, and the last picture's time under
    SHOWN, which B-frames make later: the next source begins after all of them. It outlives the program
    (program.py keeps it in the runtime directory), so a restarted one goes on after it.
    """

    last: dict[int, int] = field(default_factory=lambda: {AUDIO: -1, VIDEO: -1, SHOWN: -1})
    _offset: int = 0
    _first: int = 0
    _newest: int = 0
    _lags: tuple[int, int] | None = None
    _lags_since: int = 0

    @property
    def end(self) -> int:
        """The highest time sent so far, -1 before the first."""
        return max(self.last.values())

    def begin(self, first: int, at: int, now: int) -> int:
        """Map a source whose first tag bears `first` so that it lands at `at`, or after all that was sent.

        Audio and video share the offset, which keeps them in step. Returns the timestamp of the cut.
        """
        cut = max(at, self.end + 1, 0)
        self._offset = cut - first
        self._first = self._newest = first
        self._watch_lag(now)
        return cut

    def stamp(self, tag: Tag, now: int) -> Tag | None:
        """Move a tag of the current source onto the timeline.

        Returns None for one that belongs before the keyframe that the source was cut in at.
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
        """Whether it is too early to send a live tag, given that its source's clock has not jumped."""
        return self.send_at(tag) > now and not self._jumps(tag.timestamp, now)

    def send_at(self, tag: Tag) -> int:
        """Return the earliest time at which a live tag leaves the lead within its limit."""
        return tag.timestamp + tag.composition_time + self._offset - LIVE_LEAD_LIMIT

    def shift(self, milliseconds: int) -> None:
        """Move what is to come later by this much: time that has passed and that nothing was sent for."""
        self._offset += milliseconds

    def place(self, header: Tag) -> Tag:
        """Put decoder parameters where the stream stands; they take up no time."""
        return Tag(header.kind, max(self.last[header.kind], 0), header.body)

    def _jumps(self, timestamp: int, now: int) -> bool:
        step = timestamp - self._newest
        return step < -_STEP_BACK or (step > LEAD_LIMIT and timestamp + self._offset - now > LEAD_LIMIT)

    def _follow_wall(self, timestamp: int, now: int) -> None:
        """Keep a source near the wall, at keyframes, where a step in time shows least.

        One that is late, and not catching up, has lost that time for good and is moved up to the
        wall. One that is early (its clock is fast) is moved back by what fits between two frames,
        so that its lead does not creep up to the limit.
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
