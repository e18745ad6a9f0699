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
"""Milliseconds. A larger step back of a track is a jump of its clock."""

_BUMP_LIMIT = 40
"""Milliseconds by which a tag is moved at most to come after the tag before it. More is a jump."""

_DRIFT = 250
"""Milliseconds. A source that is steadily further than this from the wall clock has paused, or its clock has
another speed."""

_STEADY = 3000
"""Milliseconds of wall time for which a distance is watched before it counts as steady."""

_LARGEST_MOVE = 900
"""Milliseconds by which a late source is moved at once: no second is left without a picture."""

_HOLE, _LONGEST_HOLE = 500, 3000
"""Milliseconds without a picture that are filled, and how many of them at most."""

LEAD_RESET = 1000
"""Milliseconds. The fallback gives a lead back at 100 ms a second. A longer lead of a resumed broadcast would
keep a publisher waiting, so its clock is set forward instead (`resume`)."""

SHOWN = 0
"""A key beside AUDIO and VIDEO: the latest time at which a sent picture is shown."""


def ends_at(tag: Tag) -> int:
    """Return when the picture of a tag is shown, on its source's clock; for sound, when it begins.

    More than LEAD_LIMIT after its timestamp is not counted: no tag waits longer for that.
    """
    return tag.timestamp + max(0, min(tag.composition_time, LEAD_LIMIT))


def resume(last: dict[int, int], now: int) -> int:
    """Return by how many ms the clock of a resumed broadcast is to be set forward, and correct `last`.

    Timestamps never go back, so a broadcast whose last timestamps are far ahead of its clock goes on from
    there: what was sent becomes the present. The time at which a picture is shown may be corrected.
    """
    sent = max(last[AUDIO], last[VIDEO])
    last[SHOWN] = min(last[SHOWN], max(sent, now) + LEAD_LIMIT)
    return sent - now if sent - now > LEAD_RESET else 0


@dataclass
class Timeline:
    """The position of the program, and the offset of the current source's clock.

    `last` has the last timestamp sent for AUDIO and for VIDEO, and under SHOWN the latest time at which a
    picture is shown, which B-frames make later. The next source begins after all three.
    program/crash_state.py keeps `last` across a restart of the program, which goes on after it.

    Both tracks of a source share one offset. The `leading` track decides about it: the picture, or the sound
    of a source without pictures. The other track may come later or earlier, in clumps, after a pause or
    never, and moves nothing; of it, what comes too late is left out.

    `_planned` is a moment on the source's clock, and the ms by which both tracks are moved from then on.
    `_moved` is the moment of the last move, and the offset before it. `_following` is the newest timestamp of
    the other track, and `_step` the smallest step between two of its timestamps since the last look.
    """

    last: dict[int, int] = field(default_factory=lambda: {AUDIO: -1, VIDEO: -1, SHOWN: -1})
    leading: int = VIDEO
    _moved: tuple[int, int] | None = None
    _planned: tuple[int, int] | None = None
    _following: int | None = None
    _step: int | None = None
    _offset: int = 0
    _first: int = 0
    _newest: int = 0
    _lags: tuple[int, int] | None = None
    _lags_since: int = 0

    @property
    def end(self) -> int:
        """The latest of the times in `last`; -1 before the first tag."""
        return max(self.last.values())

    @property
    def end_of_pictures(self) -> int:
        """The latest time at which a picture is shown; -1 before the first."""
        return max(self.last[VIDEO], self.last[SHOWN])

    def begin(self, first: int, at: int, now: int) -> int:
        """Begin a source: its timestamp `first` becomes `at`, or a later time after all that was sent.

        Audio and video share the offset, which keeps them in sync. Returns the timestamp of the cut.
        """
        cut = max(at, self.end + 1, 0)
        self._offset = cut - first
        self._first = self._newest = first
        self._moved = self._planned = self._following = None
        self._watch_lag(now)
        return cut

    def hole_before(self, now: int) -> int:
        """Return where the fallback begins: now, or at the end of what was sent if that was long ago.

        A source that was late, or silent until its stall was noticed, leaves a hole in the timeline. The
        fallback fills it at once: platforms get a picture for every second.
        """
        end = self.end + 1
        is_hole = 0 < end < now - _HOLE
        return max(end, now - _LONGEST_HOLE) if is_hole else now

    def meet(self, tag: Tag, now: int) -> None:
        """Map the source's clock anew if its leading track has jumped before this tag, which is sent next."""
        if tag.kind != self.leading:
            return
        self._move_as_planned(tag.timestamp, now)
        missing = self.last[tag.kind] + 1 - tag.timestamp - self._offset
        is_behind = missing > _BUMP_LIMIT and tag.timestamp >= self._first
        if is_behind or self._jumps(tag.timestamp, now):
            offset, newest = self._offset, self._newest
            self.begin(tag.timestamp, now, now)
            if tag.timestamp > newest:
                self._moved = (tag.timestamp, offset)

    def stamp(self, tag: Tag, now: int) -> Tag | None:
        """Return a tag of the current source with its timestamp on the timeline.

        Returns None for a tag that belongs before the keyframe at which the source began, and for sound whose
        time is over: other sound was sent for it.
        """
        self.meet(tag, now)
        if tag.is_keyframe and self._planned is None and now - self._lags_since >= _STEADY:
            self._follow_wall(tag.timestamp, now)
            self._move_as_planned(tag.timestamp, now)
        stamp = tag.timestamp + self._offset_of(tag)
        if stamp <= self.last[tag.kind]:
            if self._is_over(tag, stamp):
                return None
            stamp = self.last[tag.kind] + 1
        if tag.kind == self.leading:
            self._note(tag.timestamp, now)
        else:
            self._note_following(tag.timestamp)
        self.last[tag.kind] = stamp
        if tag.kind == VIDEO:
            # A source that states a later time does not keep the next source waiting for it.
            shown = max(stamp, min(stamp + tag.composition_time, now + LIVE_LEAD_LIMIT))
            self.last[SHOWN] = max(self.last[SHOWN], shown)
        return Tag(tag.kind, stamp, tag.body)

    def fill(self, kind: int, stamp: int) -> None:
        """Note that a track was filled up to a timestamp with what is not the source's."""
        self.last[kind] = stamp

    def is_ahead(self, tag: Tag, now: int) -> bool:
        """Whether it is too early to send a live tag, the first of those that wait."""
        self.meet(tag, now)
        return self.send_at(tag) > now

    def send_at(self, tag: Tag) -> int:
        """Return from when on a live tag keeps the lead within its limit."""
        return ends_at(tag) + self._offset_of(tag) - LIVE_LEAD_LIMIT

    def ahead_by(self, end: int, now: int) -> int:
        """Return how long a live tag whose picture is shown at `end` has to wait, in ms."""
        return end + self._offset - LIVE_LEAD_LIMIT - now

    def shift(self, milliseconds: int) -> None:
        """Delay all further tags by so many ms, in which nothing was sent."""
        self._offset += milliseconds

    def place(self, header: Tag) -> Tag:
        """Return a sequence header at the current position; it takes up no time."""
        return Tag(header.kind, max(self.last[header.kind], 0), header.body)

    def _offset_of(self, tag: Tag) -> int:
        """Return the offset of a tag: of sound, the offset that its picture had or will have."""
        if self._planned is not None and tag.timestamp >= self._planned[0]:
            return self._offset + self._planned[1]
        if self._moved is None or tag.kind == self.leading or tag.timestamp >= self._moved[0]:
            return self._offset
        return self._moved[1]

    def _is_over(self, tag: Tag, stamp: int) -> bool:
        """Whether a tag is left out and not moved behind what was sent of its track.

        It is moved if its source's own timestamps do not increase. Sound that overlaps with other sound would
        be out of step.
        """
        if tag.timestamp < self._first or self.last[tag.kind] + 1 - stamp > _BUMP_LIMIT:
            return True
        is_repeated = self._following is not None and tag.timestamp <= self._following
        return tag.kind != self.leading and not is_repeated

    def _jumps(self, timestamp: int, now: int) -> bool:
        step = timestamp - self._newest
        return step < -_STEP_BACK or (step > LEAD_LIMIT and timestamp + self._offset - now > LEAD_LIMIT)

    def _follow_wall(self, timestamp: int, now: int) -> None:
        """Keep a source near the wall clock. It is moved at keyframes, where a step in time is least visible.

        A source that is late and does not catch up has lost that time for good: it is moved forward to the
        wall clock, in steps of at most _LARGEST_MOVE, both tracks from the same moment on. Sound that was
        sent before its picture has its time already, so its picture keeps the offset too. A source that is
        early has a fast clock: it is moved back by what fits between two frames of either track, so that its
        lead does not grow up to the limit.
        """
        least, most = self._lags or (0, 0)
        least = min(least, now - timestamp - self._offset)
        room = self._room_before(timestamp)
        self._watch_lag(now)
        if least > _DRIFT and most - least < _DRIFT:
            unsent = timestamp if self._following is None else max(timestamp, self._following + 1)
            self._planned = (unsent, min(least, _LARGEST_MOVE))
        elif most < -_DRIFT:
            self._moved = (timestamp, self._offset)
            self._offset -= max(0, min(room, -most - _DRIFT))

    def _move_as_planned(self, timestamp: int, now: int) -> None:
        """Move the source if its leading track has come to the planned moment."""
        if self._planned is None or timestamp < self._planned[0]:
            return
        begin, by = self._planned
        self._moved, self._planned = (begin, self._offset), None
        self._offset += by
        self._watch_lag(now)

    def _room_before(self, timestamp: int) -> int:
        """Return by how many ms the source can be moved back at a keyframe without an overlap.

        Of the sound, the frame before the moment and the one after it come closer, whenever they come. Of
        sound whose steps are unknown, what was sent counts, unless it is ahead of its picture.
        """
        stamp = timestamp + self._offset
        room = stamp - self.end_of_pictures - 1
        if self._step is not None:
            return min(room, self._step - 1)
        return room if self.last[AUDIO] > stamp else min(room, stamp - self.last[AUDIO] - 1)

    def _note_following(self, timestamp: int) -> None:
        if self._following is not None and (step := timestamp - self._following) > 0:
            self._step = min(step, self._step or step)
        self._following = timestamp

    def _watch_lag(self, now: int) -> None:
        self._lags = self._step = None
        self._lags_since = now

    def _note(self, timestamp: int, now: int) -> None:
        self._newest = max(self._newest, timestamp)
        lag = now - timestamp - self._offset
        least, most = self._lags or (lag, lag)
        self._lags = min(least, lag), max(most, lag)
