"""The two sources of the program: the publisher's stream and the prepared fallback.

Pure, like timeline.py, and in the same units: milliseconds of the broadcast for `now`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from restream_agent.stream.flv import Tag, metadata

CONFIRM = 60
"""How long to look at what follows a keyframe before cutting to it."""

CALM = 160
"""A stream is calm if it advances by no more than this within CONFIRM: a few frames, or one clump."""

STEADY = 3000
STEADY_WITHIN = 150
"""A stream that was silent and stays late has lost that time if, for STEADY ms, it keeps real time."""

FRESH = 350
"""A keyframe is fresh if what follows it arrives no more than this ahead of real time."""

FRESH_AT_OPENING = 2000
"""The same for the first picture of a broadcast: nothing came before, so its past is free to use."""

HELD_LIMIT = 2000
"""How much of a burst is held back and sent at the pace of the wall before a keyframe is sought."""

_LARGEST_CANDIDATE = 16 * 1024 * 1024

_SLOWER = 0.1
"""The part of its speed that the fallback gives up to let the wall catch up with the program."""

_SMALL_LEAD = 20
_LATE = 500


@dataclass
class Live:
    """The publisher's stream: its parameters, and the keyframe that the program may be cut to.

    The candidate is that keyframe with all that followed it. After a network that stalled delivers
    seconds at once, keyframes are stale; the candidate shows which one is not. `held` are tags that
    came before their time.
    """

    since: int
    passed_at: int
    headers: dict[int, Tag] = field(default_factory=dict)
    candidate: list[Tag] = field(default_factory=list)
    candidate_at: int = 0
    held: deque[Tag] = field(default_factory=deque)
    _candidate_size: int = 0
    _arrivals: deque[tuple[int, int]] = field(default_factory=deque)
    _usual_lag: int | None = None

    def leave(self) -> None:
        """The program has left this stream though it is connected: remember how late it used to be."""
        self.candidate = []
        self.held.clear()
        if self._arrivals:
            self._usual_lag = min(at - stamp for at, stamp in self._arrivals)

    def note(self, tag: Tag, now: int) -> None:
        """Remember when a tag arrived."""
        self._arrivals.append((now, tag.timestamp))
        while len(self._arrivals) > 1 and self._arrivals[1][0] <= now - STEADY:
            self._arrivals.popleft()

    def consider(self, tag: Tag, now: int) -> None:
        """Begin a candidate at a keyframe, or add what follows to it."""
        if tag.is_keyframe and not (self.candidate and self.is_fresh(now, FRESH)):
            self.candidate = [tag]
            self.candidate_at = now
            self._candidate_size = len(tag.body)
        elif self.candidate:
            self.candidate.append(tag)
            self._candidate_size += len(tag.body)
            if self._candidate_size > _LARGEST_CANDIDATE:
                self.candidate = []

    def is_fresh(self, now: int, limit: int) -> bool:
        """Whether the candidate came at most `limit` ms ahead of real time."""
        return self.span - (now - self.candidate_at) <= limit

    def is_calm(self, now: int) -> bool:
        """Whether the candidate was looked at for CONFIRM and the stream arrives at about real time."""
        if now < self.candidate_at + CONFIRM or self._advance(now, CONFIRM) > CALM:
            return False
        return self._usual_lag is None or self._is_caught_up(now, self._usual_lag)

    def _is_caught_up(self, now: int, usual_lag: int) -> bool:
        """Whether a stream that was silent has delivered its backlog, however slowly, or lost it for good."""
        newest = max(stamp for _, stamp in self._arrivals)
        if now - newest - usual_lag <= FRESH:
            return True
        is_watched = now - self._arrivals[0][0] >= STEADY
        return is_watched and abs(self._advance(now, STEADY) - STEADY) <= STEADY_WITHIN

    def calm_at(self, now: int) -> int:
        """Return when to look again whether the candidate is calm."""
        return max(self.candidate_at + CONFIRM, now + CONFIRM // 3)

    @property
    def span(self) -> int:
        """Milliseconds of stream in the candidate."""
        return max(tag.timestamp for tag in self.candidate) - self.candidate[0].timestamp

    def _advance(self, now: int, window: int) -> int:
        """Milliseconds of stream that arrived within the last `window` ms of wall time."""
        newest = max((stamp for _, stamp in self._arrivals), default=0)
        before = [stamp for at, stamp in self._arrivals if at <= now - window]
        return newest - (max(before) if before else self._arrivals[0][1]) if self._arrivals else 0


class FallbackLoop:
    """The prepared file, played at the pace of the wall, again and again.

    Both streams are moved by the same amount in every round, so they cannot drift apart. The amount
    is the duration that the file states: fallback/seam.py has chosen it so that the audio has no seam.
    """

    def __init__(self, open_file: Callable[[], Iterable[Tag]]) -> None:
        """`open_file` gives the file as it is now; what it gives can be iterated again and again."""
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

    def rewind(self, now: int) -> Tag | None:
        """Begin the newest file at its first keyframe and return that, None if there is none."""
        self._file = self._open_file()
        self._tags = iter(self._file)
        self._ends, self._duration, self._shift, self.headers = {}, 0, 0, {}
        self._next = self._read()
        while self._next is not None and not self._next.is_keyframe:
            self._next = self._read()
        if self._next is not None:
            self._first = self._next.timestamp
            self._position = float(self._first)
        self._moved_at = now
        return self._next

    def move(self, now: int, lead: int) -> int:
        """Go on to `now`; with a lead go a little slower. Returns how many ms were passed over.

        More than _LATE at once means that the program itself stood still: that time is not made
        up for, since viewers cannot use it either.
        """
        elapsed = now - self._moved_at
        self._moved_at = now
        late = elapsed if elapsed > _LATE else 0
        self._position += (elapsed - late) * (1 - _SLOWER if lead > _SMALL_LEAD else 1)
        return late

    def due(self) -> Iterator[Tag]:
        """Yield the tags up to where the loop stands."""
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
