"""The two sources of the program: the publisher's stream and the prepared fallback.

Pure, like timeline.py, and in the same units: milliseconds of the broadcast for `now`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from restream_agent.stream.arrivals import CONFIRM, Arrivals
from restream_agent.stream.bursts import Bursts
from restream_agent.stream.flv import AUDIO, VIDEO, Tag, metadata
from restream_agent.stream.tracks import HeldTracks, LiveTracks
from restream_agent.stream.waiting import Waiting

CALM = 160
"""Milliseconds by which a calm stream advances at most within CONFIRM: a few frames, or one burst."""

FRESH = 350
"""Milliseconds. A keyframe is fresh if the tags after it arrive at most this far ahead of real time."""

FRESH_AT_OPENING = 2000
"""The same for the first picture of a broadcast. Nothing was sent before it, so it may lie in the past."""

_REFUSED_PAUSE = 100
"""Milliseconds between two looks at a keyframe that was found stale."""

_LARGEST_CANDIDATE = 16 * 1024 * 1024
"""Bytes."""

_LONGEST_CANDIDATE = 4000
"""Tags. 5 s of 240 pictures and 4 tracks of sound a second is 2,200 tags."""

_SLOWER = 0.1
"""The fraction by which the fallback is slowed down while the program is ahead of the wall clock."""

_SMALL_LEAD = 20
"""Milliseconds of lead up to which the fallback is not slowed down."""

_LATE = 500
"""Milliseconds between two moves of the fallback, above which the program itself was stopped."""


@dataclass
class LiveSource:
    """The publisher's stream: its sequence headers, and the keyframe that the program may cut to.

    `candidate` is that keyframe and all tags after it. When a stalled network delivers seconds of stream at
    once, most of its keyframes are stale; the pictures of the candidate show whether its keyframe is fresh.
    A stream that comes in bursts (bursts.py) is cut to when the keyframe has waited as long as the first
    picture of a burst: then the next burst comes in time.

    `held` are tags that arrived before their time. `since` is when the connection began.
    """

    since: int
    headers: dict[int, Tag] = field(default_factory=dict)
    candidate: list[Tag] = field(default_factory=list)
    candidate_at: int = 0
    held: HeldTracks = field(default_factory=HeldTracks)
    waiting: Waiting = field(default_factory=Waiting)
    _candidate_size: int = 0
    _candidate_end: int = 0
    _is_refused: bool = False
    _burst: int = 0
    _has_gone_on: bool = False
    _arrivals: Arrivals = field(default_factory=Arrivals)
    _bursts: Bursts = field(default_factory=Bursts)
    _usual_lag: int | None = None
    tracks: LiveTracks = field(init=False)

    def __post_init__(self) -> None:
        self.tracks = LiveTracks(self.since)

    def leave(self) -> None:
        """Note that the program leaves this stream while it is connected: remember its usual lags."""
        self.candidate = []
        self.held.clear()
        self.tracks.paused()
        self._bursts.learn()
        lag = self._arrivals.lag
        self._usual_lag = self._usual_lag if lag is None else lag

    def note(self, tag: Tag, now: int) -> None:
        """Note when a tag arrived. Only the pictures tell the pace: sound may come earlier or later."""
        self.waiting.note(tag, now)
        self.tracks.arrived(tag, now)
        if tag.kind == VIDEO:
            self._arrivals.add(now, tag.timestamp)
            self._bursts.add(now, tag.timestamp)

    def consider(self, tag: Tag, now: int) -> None:
        """Begin a candidate at a keyframe, or add the tag to the candidate."""
        if tag.is_keyframe and not (self.candidate and self._may_become_due(now)):
            self.candidate = [tag]
            self.candidate_at, self._is_refused = now, False
            self._burst, self._has_gone_on = self._arrivals.burst(now), False
            self._candidate_size, self._candidate_end = len(tag.body), tag.timestamp
        elif self.candidate:
            self.candidate.append(tag)
            self._candidate_size += len(tag.body)
            if tag.kind == VIDEO:
                self._lengthen(tag.timestamp, now)
            if self._candidate_size > _LARGEST_CANDIDATE or len(self.candidate) > _LONGEST_CANDIDATE:
                self.candidate = []

    def _lengthen(self, timestamp: int, now: int) -> None:
        further = max(0, timestamp - self._candidate_end)
        self._candidate_end += further
        if now <= self.candidate_at + CONFIRM:
            self._burst += further
        if now >= self.candidate_at + CONFIRM // 2:
            self._has_gone_on = True

    def refuse(self, now: int) -> None:
        """Give up a stale candidate; a new stream may still turn out to come in bursts."""
        self._is_refused = True
        if self._bursts.is_watched(now):
            self.candidate = []

    def is_fresh(self, now: int, limit: int) -> bool:
        """Whether the candidate arrived at most `limit` ms ahead of real time."""
        return self.span - (now - self.candidate_at) <= limit

    def is_alone(self) -> bool:
        """Whether the candidate's keyframe did not arrive in a burst: within CONFIRM before and after it.

        Of a stream whose usual lag is known it does not matter: then it has caught up.
        """
        return self._burst <= FRESH or self._usual_lag is not None

    def goes_on(self, now: int) -> bool:
        """Whether pictures arrive after those that came with the keyframe, or none came with it.

        A burst is followed by a silence. Of a stream that is known it does not matter.
        """
        is_known = self._usual_lag is not None or self._bursts.usual(now) is not None
        return is_known or self._has_gone_on or self._burst == 0

    def is_calm(self, now: int) -> bool:
        """Whether the candidate was watched for CONFIRM and the stream arrives in about real time."""
        if self._is_refused or now < self.candidate_at + CONFIRM:
            return False
        if self._arrivals.advance(now) > CALM:
            return False
        return self._usual_lag is None or self._is_caught_up(now, self._usual_lag)

    def comes_in_bursts(self, now: int) -> bool:
        """Whether so much arrives at once that a keyframe cannot be told fresh from what follows it."""
        return self._burst_lag(now) is not None

    def is_due(self, now: int) -> bool:
        """Whether the candidate of a stream that comes in bursts has waited long enough, and not too long."""
        due_at = self._due_at(now)
        if due_at is not None and now > due_at + FRESH:
            self.candidate = []
            return False
        return due_at is not None and due_at <= now

    def check_at(self, now: int) -> int:
        """Return when to check again whether the candidate can be cut to."""
        due_at = self._due_at(now)
        if due_at is not None and due_at > now:
            return due_at
        pause = _REFUSED_PAUSE if self._is_refused else CONFIRM // 3
        return max(self.candidate_at + CONFIRM, now + pause)

    @property
    def span(self) -> int:
        """Milliseconds of stream in the candidate."""
        return self._candidate_end - self.candidate[0].timestamp

    def _may_become_due(self, now: int) -> bool:
        """Whether the candidate is not to be given up for a new keyframe."""
        due_at = self._due_at(now)
        if due_at is not None:
            return now <= due_at
        return not self._is_refused and self.is_fresh(now, FRESH)

    def _due_at(self, now: int) -> int | None:
        """Return when the candidate has waited as long as a burst's first picture; None without bursts."""
        lag = self._burst_lag(now)
        return None if lag is None else self.candidate[0].timestamp + lag

    def _burst_lag(self, now: int) -> int | None:
        """Return the usual lag of the first picture of a burst; None for a stream without bursts."""
        usual = self._bursts.usual(now)
        return None if usual is None or usual.burst <= CALM else usual.greatest

    def _is_caught_up(self, now: int, usual_lag: int) -> bool:
        """Whether a stream that was silent has delivered its backlog, or has lost it for good."""
        arrivals = self._arrivals
        if arrivals.newest is not None and now - arrivals.newest - usual_lag <= FRESH:
            return True
        return self._bursts.keeps_real_time(now)


class FallbackLoop:
    """The prepared file, played in real time, again and again.

    In every round audio and video are shifted by the same amount, so they cannot drift apart. The amount is
    the duration stated in the file, which fallback/seam.py has chosen so that the audio has no seam.
    """

    def __init__(self, open_file: Callable[[], Iterable[Tag]]) -> None:
        """`open_file` returns the newest file, as tags that can be iterated again and again."""
        self._open_file = open_file
        self._file: Iterable[Tag] = ()
        self._tags: Iterator[Tag] = iter(())
        self._next: Tag | None = None
        self._first = 0
        self._ends: dict[int, int] = {}
        self._duration = 0
        self._shift = 0
        self._position = 0.0
        self._moved_at = 0
        self.headers: dict[int, Tag] = {}

    def rewind(self, now: int, *, played: int = 0) -> Tag | None:
        """Begin the newest file at its first keyframe and return the keyframe, None if there is none.

        The first `played` ms are due at once.
        """
        self._file = self._open_file()
        self._tags = iter(self._file)
        self._ends, self._duration, self._shift, self.headers = {}, 0, 0, {}
        self._next = self._read()
        while self._next is not None and not self._next.is_keyframe:
            self._next = self._read()
        if self._next is not None:
            self._first = self._next.timestamp
            self._position = float(self._first + played)
        self._moved_at = now
        return self._next

    def sound_header(self, now: int) -> Tag | None:
        """Return the sequence header of the newest file's sound, None if it has none; begins the file."""
        self.rewind(now)
        return self.headers.get(AUDIO)

    def move(self, now: int, lead: int) -> int:
        """Advance to `now`, a little slower while there is a lead. Returns how many ms were skipped.

        After more than _LATE at once, the program itself was stopped. That time is skipped, since viewers
        cannot use it either.
        """
        elapsed = now - self._moved_at
        self._moved_at = now
        late = elapsed if elapsed > _LATE else 0
        self._position += (elapsed - late) * (1 - _SLOWER if lead > _SMALL_LEAD else 1)
        return late

    def due(self) -> Iterator[Tag]:
        """Yield the tags up to the position of the loop."""
        while self._next is not None and self._next.timestamp <= self._position:
            yield self._next
            self._next = self._read() or self._next_round()

    def next_at(self) -> int | None:
        """The time at which the next tag will be due, None if there is none."""
        if self._next is None:
            return None
        return self._moved_at + max(1, round(self._next.timestamp - self._position))

    def _next_round(self) -> Tag | None:
        if not self._ends:
            return None
        self._shift = max(self._shift + self._duration, max(self._ends.values()) + 1 - self._first)
        self._tags = iter(self._file)
        return self._read()

    def _read(self) -> Tag | None:
        for tag in self._tags:
            if tag.is_sequence_header:
                self.headers[tag.kind] = tag
            elif tag.is_media:
                self._ends[tag.kind] = tag.timestamp + self._shift
                return Tag(tag.kind, self._ends[tag.kind], tag.body)
            elif numbers := metadata(tag):
                self._duration = round(numbers.get("duration", 0) * 1000)
        return None
