"""A parser of what an RTMP client sends: bytes in, messages out. Pure; standard library only.

It follows Adobe's "Real Time Messaging Protocol" 1.0, section 5 (handshake, chunk stream, message stream).
"""

from collections.abc import Iterator
from dataclasses import dataclass

AUDIO, VIDEO, DATA, COMMAND = 8, 9, 18, 20
KINDS = frozenset((AUDIO, VIDEO, DATA, COMMAND))
SET_CHUNK_SIZE, ABORT = 1, 2
HANDSHAKE_BYTES = 1 + 1536 + 1536  # C0, C1, C2
DEFAULT_CHUNK_SIZE = 128
EXTENDED = 0xFFFFFF  # this value in the timestamp field: four more bytes carry the timestamp
CLOCK = 1 << 32


class RtmpError(ValueError):
    """The bytes are not an RTMP chunk stream."""


@dataclass(frozen=True, slots=True)
class RtmpMessage:
    """One message: `kind` is its type id, `timestamp` in ms, `arrived` (of its last byte) in seconds."""

    kind: int
    timestamp: int
    payload: bytes
    arrived: float


@dataclass(slots=True)
class _ChunkStream:
    """Header fields that a chunk may omit because an earlier chunk of the same chunk stream had them."""

    kind: int = -1
    length: int = 0
    timestamp: int = 0
    field: int = 0  # absolute after a type 0 header, else a delta; a type 3 header repeats it (5.3.1.2.4)
    extended: bool = False
    payload: bytearray | None = None


class RtmpParser:
    """Parses one direction of one connection, piece by piece."""

    def __init__(self, kinds: frozenset[int] = KINDS) -> None:
        """Yield the messages of `kinds` only. A server's answer has a handshake of the same length."""
        self._kinds = kinds
        self._buffer = bytearray()
        self._handshake_left = HANDSHAKE_BYTES
        self._chunk_size = DEFAULT_CHUNK_SIZE
        self._streams: dict[int, _ChunkStream] = {}

    def feed(self, data: bytes, arrived: float) -> Iterator[RtmpMessage]:
        """Take bytes that arrived at `arrived` (seconds); yield the messages that they complete."""
        skipped = min(self._handshake_left, len(data))
        self._handshake_left -= skipped
        self._buffer += data[skipped:]
        position = 0
        while (chunk := self._chunk(position)) is not None:
            position, stream = chunk
            if stream is not None and (message := self._completed(stream, arrived)):
                yield message
        del self._buffer[:position]

    def _chunk(self, start: int) -> tuple[int, _ChunkStream | None] | None:
        """Take one chunk and return its end, and its stream if a message is whole; None: needs more."""
        header = self._header(start)
        if header is None:
            return None
        position, stream, proposed = header
        have = len(stream.payload) if stream.payload is not None else 0
        size = min(self._chunk_size, proposed.length - have)
        if len(self._buffer) < position + size:
            return None
        if stream.payload is None:
            self._begin(stream, proposed)
        assert stream.payload is not None
        stream.payload += self._buffer[position : position + size]
        return position + size, stream if len(stream.payload) == stream.length else None

    def _header(self, start: int) -> tuple[int, _ChunkStream, "_Header"] | None:
        """Read a chunk's headers, changing nothing, so that they can be read again when more has come."""
        basic = _basic_header(self._buffer, start)
        if basic is None:
            return None
        form, number, position = basic
        stream = self._streams.setdefault(number, _ChunkStream())
        size = (11, 7, 3, 0)[form]
        fields = self._buffer[position : position + size]
        if len(fields) < size:
            return None
        position += size
        if form == 3 and stream.kind < 0:
            raise RtmpError(f"chunk stream {number} begins with a header of type 3")
        field = int.from_bytes(fields[:3]) if form < 3 else stream.field
        extended = field == EXTENDED if form < 3 else stream.extended
        if extended:
            if len(self._buffer) < position + 4:
                return None
            field = int.from_bytes(self._buffer[position : position + 4])
            position += 4
        length = int.from_bytes(fields[3:6]) if form < 2 else stream.length
        kind = fields[6] if form < 2 else stream.kind
        return position, stream, _Header(form, kind, length, field, extended)

    def _begin(self, stream: _ChunkStream, header: "_Header") -> None:
        base = 0 if header.form == 0 else stream.timestamp
        stream.timestamp = (base + header.field) % CLOCK
        stream.kind, stream.length = header.kind, header.length
        stream.field, stream.extended = header.field, header.extended
        stream.payload = bytearray()

    def _completed(self, stream: _ChunkStream, arrived: float) -> RtmpMessage | None:
        payload, stream.payload = bytes(stream.payload or b""), None
        if stream.kind == SET_CHUNK_SIZE:
            self._chunk_size = int.from_bytes(payload[:4]) & 0x7FFFFFFF
            if not self._chunk_size:
                raise RtmpError("a chunk size of 0")
        elif stream.kind == ABORT:
            self._streams.setdefault(int.from_bytes(payload[:4]), _ChunkStream()).payload = None
        elif stream.kind in self._kinds:
            return RtmpMessage(stream.kind, stream.timestamp, payload, arrived)
        return None


@dataclass(frozen=True, slots=True)
class _Header:
    form: int
    kind: int
    length: int
    field: int
    extended: bool


def _basic_header(buffer: bytearray, start: int) -> tuple[int, int, int] | None:
    """Return header type, chunk stream id and the position after it (5.3.1.1); None if bytes are missing."""
    if len(buffer) <= start:
        return None
    form, number = buffer[start] >> 6, buffer[start] & 0x3F
    extra = 2 if number == 1 else 1 if number == 0 else 0
    if len(buffer) < start + 1 + extra:
        return None
    if extra:
        number = 64 + int.from_bytes(buffer[start + 1 : start + 1 + extra], "little")
    return form, number, start + 1 + extra
