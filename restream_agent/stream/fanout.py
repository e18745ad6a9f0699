"""What each relay is sent: a bounded queue of whole tags, and the backlog that a new relay begins with.

Pure: program/loop.py moves the bytes. Sizes are in bytes, times in milliseconds of the program.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from restream_agent.stream.enhanced import codec
from restream_agent.stream.flv import AUDIO, HEADER, VIDEO, Tag
from restream_agent.stream.marks import KEPT, Mark, is_mark


@dataclass(frozen=True)
class Limits:
    """How much may wait in the queue of a relay that does not read, before the relay loses pictures."""

    milliseconds: int = 5000
    size: int = 16 * 1024 * 1024


_NOTHING = Limits(0, 0)

_AT_ONCE = 64
"""Tags. One system call takes 1024 pieces (UIO_MAXIOV)."""


class Backlog:
    """The sequence headers and the tags since the last keyframe, with which a new relay begins.

    Of a group that is longer or larger than the limits nothing is kept. `codecs` has the codec of the newest
    tag of each kind.
    """

    codecs: dict[int, str]
    _limits: Limits
    _headers: dict[int, bytes]
    _tags: list[tuple[Tag, bytes]]
    _size: int
    _is_open: bool

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits(milliseconds=30_000)
        self._headers = {}
        self._tags = []
        self._size = 0
        self._is_open = False
        self.codecs = {}

    def add(self, tag: Tag, data: bytes) -> None:
        """Add a tag that was sent, and its encoding."""
        if tag.is_sequence_header:
            self._headers[tag.kind] = data
            return
        self._note_codec(tag)
        if tag.is_keyframe:
            self._tags, self._size, self._is_open = [], 0, True
        if self._is_open:
            self._tags.append((tag, data))
            self._size += len(data)
            length = tag.timestamp - self._tags[0][0].timestamp
            if self._size > self._limits.size or length > self._limits.milliseconds:
                self._tags, self._is_open = [], False

    def _note_codec(self, tag: Tag) -> None:
        """Note a tag's codec. Parameters and sound of another codec are of no use to it; MP3 has none."""
        name = codec(tag)
        if self.codecs.get(tag.kind) == name:
            return
        self.codecs[tag.kind] = name
        if tag.kind == AUDIO:
            self._drop_sound()
        header = self._headers.get(tag.kind)
        if header is not None and codec(Tag(tag.kind, 0, header[11:16])) != name:
            del self._headers[tag.kind]

    def _drop_sound(self) -> None:
        """Leave the pictures of the group: a relay takes the codec of its first sound for that of all."""
        self._tags = [(tag, data) for tag, data in self._tags if tag.kind != AUDIO]
        self._size = sum(len(data) for _, data in self._tags)

    def start(self, queue: "RelayQueue") -> None:
        """Begin a new relay's queue with the FLV header, the sequence headers and the current picture."""
        queue.prepend(HEADER + b"".join(self._headers.values()))
        queue.give(self._tags)


@dataclass
class RelayQueue:
    """One relay's queue. A relay that does not read loses whole groups of pictures; no other relay does.

    A relay begins with a picture: sound of an earlier time, which silence behind its pictures is, would be a
    second without one. A relay that joins in a group of pictures is given what is held of the group, and may
    take its time: the limits are larger by that until its queue is within half of the limits.

    `sent` counts bytes and `skipped` pictures since the relay connected. `beginning` is the timestamp of the
    first tag that the relay was sent, None before that: the zero of the relay's clock. `marks` are the newest
    marks that were sent (marks.py); there are none if it is not known how much was sent (`is_counted`).
    `codecs` has the codec of the first tag of each kind: ffmpeg takes no other from then on.
    """

    limits: Limits = field(default_factory=Limits)
    sent: int = 0
    skipped: int = 0
    beginning: int | None = None
    codecs: dict[int, str] = field(default_factory=dict)
    is_waiting: bool = True
    is_counted: bool = True
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=KEPT))
    _queue: deque[tuple[int, bytes]] = field(default_factory=deque)
    _size: int = 0
    _begun: int = 0
    _has_skipped: bool = False
    _begins_at: int = -1
    _waiting_headers: dict[int, bytes] = field(default_factory=dict)
    _given: Limits = _NOTHING

    def prepend(self, data: bytes) -> None:
        """Put bytes in front: the FLV header, or the rest of a partly sent tag."""
        if data:
            self._queue.appendleft((-1, data))
            self._size += len(data)

    def give(self, tags: Sequence[tuple[Tag, bytes]]) -> None:
        """Queue the tags of a group of pictures, which begins with a keyframe, and their encodings."""
        if tags:
            self._given = Limits(
                tags[-1][0].timestamp - tags[0][0].timestamp, sum(len(data) for _, data in tags)
            )
        for tag, data in tags:
            self.offer(tag, data)

    def offer(self, tag: Tag, data: bytes) -> None:
        """Queue a tag and its encoding, or skip it while the queue waits for a keyframe."""
        if self.is_waiting and tag.is_sequence_header:
            self._waiting_headers[tag.kind] = data
            return
        if self.is_waiting and not tag.is_keyframe:
            self.skipped += tag.kind == VIDEO
            return
        if self.is_waiting:
            self.is_waiting = False
            self._begins_at = tag.timestamp if self._begins_at < 0 else self._begins_at
            for header in self._waiting_headers.values():
                self._append(tag.timestamp, header)
            self._waiting_headers = {}
        if tag.kind == AUDIO and tag.is_media and tag.timestamp < self._begins_at:
            return
        if tag.kind not in self.codecs:
            self.codecs[tag.kind] = codec(tag)
        self._append(tag.timestamp, data)
        given, limits = self._given, self.limits
        if self._size > limits.size + given.size or self.behind > limits.milliseconds + given.milliseconds:
            self._skip()

    def takes(self, codecs: Mapping[int, str]) -> bool:
        """Whether the relay has begun with these codecs, as far as it has begun."""
        return all(self.codecs.get(kind, name) == name for kind, name in codecs.items())

    @property
    def behind(self) -> int:
        """Milliseconds of program in the queue."""
        if not self._queue:
            return 0
        first = self._queue[0][0]
        if first < 0:  # what was put in front has no time
            first = next((stamp for stamp, _ in self._queue if stamp >= 0), self._queue[-1][0])
        return max(0, self._queue[-1][0] - first)

    @property
    def lacks_keyframe(self) -> bool:
        """Whether the relay has taken everything, and there is nothing for it before the next keyframe.

        Not so for a relay that takes nothing, and whose queue is empty because it was skipped.
        """
        return self.is_waiting and self.is_empty and not self._has_skipped

    @property
    def size(self) -> int:
        """Bytes in the queue."""
        return self._size - self._begun

    @property
    def is_empty(self) -> bool:
        """Whether everything has been written to the relay's socket."""
        return not self._queue

    def chunk(self) -> memoryview:
        """Return the rest of the first tag."""
        return memoryview(self._queue[0][1])[self._begun :]

    def chunks(self) -> list[bytes | memoryview]:
        """Return the bytes to send next, of one tag or several: as many as one system call may take."""
        return [self.chunk(), *(data for _, data in islice(self._queue, 1, _AT_ONCE))]

    def advance(self, count: int) -> None:
        """Remove `count` bytes of the chunks, which were sent."""
        self._has_skipped = False
        while count:
            stamp, data = self._queue[0]
            if self.beginning is None and stamp >= 0:
                self.beginning = stamp
            taken = min(count, len(data) - self._begun)
            count -= taken
            self.sent += taken
            self._begun += taken
            if self._begun == len(data):
                self._queue.popleft()
                self._size -= self._begun
                self._begun = 0
                self._note_mark(stamp, data)
        is_given = self._given is not _NOTHING
        if is_given and self._size <= self.limits.size // 2 and self.behind <= self.limits.milliseconds // 2:
            self._given = _NOTHING

    @property
    def rest(self) -> memoryview:
        """The rest of a partly sent tag, or of prepended bytes; empty if there is none."""
        is_left = self._begun or (self._queue and self._queue[0][0] < 0)
        return self.chunk() if is_left else memoryview(b"")

    def _append(self, stamp: int, data: bytes) -> None:
        self._queue.append((stamp, data))
        self._size += len(data)

    def _note_mark(self, stamp: int, data: bytes) -> None:
        """Note a tag that was sent as a whole, if it is a mark."""
        position = self.sent - len(data)
        if is_mark(position) and self.is_counted and stamp >= 0:
            tag = Tag(data[0], stamp, data[11:32])
            if tag.is_media:
                self.marks.append(Mark(position, tag.kind, stamp))

    def _skip(self) -> None:
        """Drop all but a partly sent tag or prepended bytes, and wait for a keyframe."""
        kept = [self._queue[0]] if self._begun or self._queue[0][0] < 0 else []
        for stamp, data in list(self._queue)[len(kept) :]:
            self._drop(Tag(data[0], stamp, data[11:13]), data)
        self._queue = deque(kept)
        self._size = sum(len(data) for _, data in kept)
        self.is_waiting = self._has_skipped = True
        self._given = _NOTHING

    def _drop(self, tag: Tag, data: bytes) -> None:
        """Count a dropped picture; keep a dropped sequence header, which the next keyframe needs."""
        if tag.is_sequence_header:
            self._waiting_headers[tag.kind] = data
        else:
            self.skipped += tag.kind == VIDEO
