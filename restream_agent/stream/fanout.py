"""What each relay is sent of the program: a bounded queue of whole tags, and a start for new ones.

Pure: program.py moves the bytes. Sizes in bytes, times in milliseconds of the program.
"""

from collections import deque
from dataclasses import dataclass, field

from restream_agent.stream.flv import HEADER, VIDEO, Tag

LEAP = 10_000
"""ffmpeg takes a step in a live FLV's timestamps that is longer than this for a new clock, and closes it
(`dts_delta_threshold`, in fftools)."""


@dataclass(frozen=True)
class Limits:
    """How much a relay that does not read may leave standing before it loses pictures."""

    milliseconds: int = 5000
    size: int = 16 * 1024 * 1024


class Backlog:
    """The decoder parameters and the tags since the last keyframe: what a new relay begins with."""

    def __init__(self, largest: int = 16 * 1024 * 1024) -> None:
        self._largest = largest
        self._headers: dict[int, bytes] = {}
        self._tags: list[tuple[Tag, bytes]] = []
        self._size = 0
        self._is_open = False

    def add(self, tag: Tag, data: bytes) -> None:
        """Note a tag that was sent."""
        if tag.is_sequence_header:
            self._headers[tag.kind] = data
            return
        if tag.is_keyframe:
            self._tags, self._size, self._is_open = [], 0, True
        if self._is_open:
            self._tags.append((tag, data))
            self._size += len(data)
            if self._size > self._largest:
                self._tags, self._is_open = [], False

    def start(self, outlet: "RelayQueue") -> None:
        """Give a new relay the file header, the parameters and the picture that is being shown."""
        outlet.prepend(HEADER + b"".join(self._headers.values()))
        for tag, data in self._tags:
            outlet.offer(tag, data)


@dataclass
class RelayQueue:
    """One relay's queue. A platform that does not read loses whole groups of pictures, no others do.

    `sent` counts bytes and `skipped` pictures since the relay connected; `beginning` is the timestamp
    of the first tag that it was given, None before that, as ffmpeg counts: without leaps over LEAP.
    """

    limits: Limits = field(default_factory=Limits)
    sent: int = 0
    skipped: int = 0
    beginning: int | None = None
    is_waiting: bool = True
    _last: int | None = None
    _queue: deque[tuple[int, bytes]] = field(default_factory=deque)
    _size: int = 0
    _begun: int = 0
    _parameters: dict[int, bytes] = field(default_factory=dict)

    def prepend(self, data: bytes) -> None:
        """Put bytes before everything else: a file header, or the rest of a tag that was begun."""
        if data:
            self._queue.appendleft((-1, data))
            self._size += len(data)

    def offer(self, tag: Tag, data: bytes) -> None:
        """Queue one tag and its encoding, or skip it while a keyframe is awaited."""
        if self.is_waiting and tag.is_sequence_header:
            self._parameters[tag.kind] = data
            return
        if self.is_waiting and not tag.is_keyframe:
            self.skipped += tag.kind == VIDEO
            return
        if self.is_waiting:
            self.is_waiting = False
            self._leap_to(tag.timestamp)
            for parameters in self._parameters.values():
                self._append(tag.timestamp, parameters)
            self._parameters = {}
        self._append(tag.timestamp, data)
        if self._size > self.limits.size or self.behind > self.limits.milliseconds:
            self._skip()

    @property
    def behind(self) -> int:
        """Milliseconds of program in the queue."""
        if not self._queue:
            return 0
        first = next((stamp for stamp, _ in self._queue if stamp >= 0), None)
        return 0 if first is None else max(0, self._queue[-1][0] - first)

    @property
    def size(self) -> int:
        """Bytes in the queue."""
        return self._size - self._begun

    @property
    def is_empty(self) -> bool:
        """Whether everything was handed to the relay's socket."""
        return not self._queue

    def chunk(self) -> memoryview:
        """Return what is to be sent next: the rest of one whole tag."""
        return memoryview(self._queue[0][1])[self._begun :]

    def advance(self, count: int) -> None:
        """Note that `count` bytes of the chunk were sent."""
        self.sent += count
        self._begun += count
        if self._begun == len(self._queue[0][1]):
            self._size -= self._begun
            self._begun = 0
            stamp, _ = self._queue.popleft()
            self._last = stamp if stamp >= 0 else self._last

    @property
    def rest(self) -> memoryview:
        """What is left of a tag that was sent in part, or of what was prepended; empty if nothing is."""
        is_left = self._begun or (self._queue and self._queue[0][0] < 0)
        return self.chunk() if is_left else memoryview(b"")

    def _leap_to(self, stamp: int) -> None:
        """Leave a leap out of the relay's clock, as its ffmpeg does."""
        waiting = max((one for one, _ in self._queue), default=-1)
        last = waiting if waiting >= 0 else self._last
        if self.beginning is not None and last is not None and stamp - last > LEAP:
            self.beginning += stamp - last

    def _append(self, stamp: int, data: bytes) -> None:
        if self.beginning is None:
            self.beginning = stamp
        self._queue.append((stamp, data))
        self._size += len(data)

    def _skip(self) -> None:
        """Drop all but what is half sent or was prepended, and wait for a keyframe."""
        kept = [self._queue[0]] if self._begun or self._queue[0][0] < 0 else []
        for stamp, data in list(self._queue)[len(kept) :]:
            self._let_go(Tag(data[0], stamp, data[11:13]), data)
        self._queue = deque(kept)
        self._size = sum(len(data) for _, data in kept)
        self.is_waiting = True

    def _let_go(self, tag: Tag, data: bytes) -> None:
        """Count a picture that is dropped, but keep decoder parameters: the next keyframe needs them."""
        if tag.is_sequence_header:
            self._parameters[tag.kind] = data
        else:
            self.skipped += tag.kind == VIDEO
