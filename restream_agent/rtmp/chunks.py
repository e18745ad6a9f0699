"""RTMP's chunk stream: bytes to messages and back. Pure.

Source: Adobe's "Real Time Messaging Protocol" 1.0 (2012); sections in brackets. Lengths are in bytes,
timestamps in milliseconds modulo 2**32.

    chunk = basic header [5.3.1.1] + message header [5.3.1.2] + extended timestamp [5.3.1.3] + data

A message is cut into chunks, and the chunks of messages on different chunk streams may alternate. Message
headers have four types, 0 to 3. Each type leaves out more of what is the same as before on its chunk stream.
"""

from restream_agent.rtmp.errors import ProtocolError

LARGEST_MESSAGE = 8 * 1024 * 1024
"""As in stream/flv.py: a 4K keyframe at 80 Mb/s has less than 2 MB."""

LARGEST_PENDING = 16 * 1024 * 1024
"""Bytes of messages that are not complete, all together."""

MOST_CHUNK_STREAMS = 64
"""A server uses about five towards a player."""

SET_CHUNK_SIZE, ABORT = 1, 2

_FIRST_CHUNK_SIZE = 128
"""Until a side sets another [5.4.1]."""

_EXTENDED = 0xFFFFFF
"""In the timestamp field: four more bytes have the timestamp."""

_WRAP = 0xFFFFFFFF
_HEADER_SIZES = (11, 7, 3, 0)
_CONTINUES = 3
"""The type of header with which a message goes on after its first chunk."""


class ChunkMessage:
    """One message: `kind` is its type [5.4, 7.1], `stream` the id of its message stream."""

    # A dataclass would be shorter; its import takes 12 ms, a third of what live@ takes to start.
    __slots__ = ("body", "chunk_stream", "kind", "stream", "timestamp")

    def __init__(self, chunk_stream: int, kind: int, stream: int, timestamp: int, body: bytes) -> None:
        self.chunk_stream = chunk_stream
        self.kind = kind
        self.stream = stream
        self.timestamp = timestamp
        self.body = body

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ChunkMessage) and self._fields() == other._fields()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ChunkMessage{self._fields()!r}"

    def _fields(self) -> tuple[int, int, int, int, bytes]:
        return self.chunk_stream, self.kind, self.stream, self.timestamp, self.body


class _ChunkState:
    """What later headers of one chunk stream leave out, and the message that is being put together."""

    __slots__ = ("delta", "field", "has_begun", "kind", "length", "pending", "stream", "timestamp")

    def __init__(self) -> None:
        self.timestamp = 0
        self.delta = 0
        self.field = 0  # the timestamp field as it was sent, extended or not
        self.length = 0
        self.kind = 0
        self.stream = 0
        self.pending = bytearray()
        self.has_begun = False

    def begin(self, header_type: int, field: int) -> None:
        """Begin a message; its timestamp follows from its field and the message before [5.3.1.2.1-4]."""
        self.field = field
        self.delta = self.delta if header_type == _CONTINUES else field
        self.timestamp = field if header_type == 0 else (self.timestamp + self.delta) & _WRAP
        self.has_begun = True

    def drop(self) -> None:
        """Forget what has come of a message."""
        self.pending = bytearray()
        self.has_begun = False


class ChunkReader:
    """Turns the bytes of one connection into messages, wherever the bytes are split.

    It obeys the messages that change the chunk stream itself, Set Chunk Size and Abort [5.4.1, 5.4.2], and
    does not return them. The limits above bound its memory; its time grows with the length of the data.

    `has_short_headers` is for SRS. SRS sends a publisher's messages on to players with the last 6 bits of the
    publisher's chunk stream in a basic header of one byte. So 64, 65, 128 and so on become 0 and 1, which
    announce a basic header of two or three bytes (6.0.157, srs_chunk_header_c0; measured).
    """

    def __init__(self) -> None:
        self.has_short_headers = False
        self._buffer = bytearray()
        self._streams: dict[int, _ChunkState] = {}
        self._chunk_size = _FIRST_CHUNK_SIZE
        self._pending = 0

    def feed(self, data: bytes) -> list[ChunkMessage]:
        """Take the next bytes and return the messages that are now complete.

        Raises ProtocolError at bytes that are not RTMP; the reader is of no use after that.
        """
        self._buffer += data
        messages: list[ChunkMessage] = []
        position = 0
        while True:
            message, following = self._chunk_at(position)
            if following == position:
                break
            position = following
            if message is not None and not self._obey(message):
                messages.append(message)
        del self._buffer[:position]
        return messages

    def _chunk_at(self, position: int) -> tuple[ChunkMessage | None, int]:
        """Take one chunk; return the message that it completes, and where the next chunk begins.

        If the next chunk begins where this one does, this one is not complete and nothing was taken.
        """
        basic = self._basic_header_at(position)
        if basic is None:
            return None, position
        header_type, number, at = basic
        state = self._state(number, header_type)
        header = self._message_header_at(at, header_type, state)
        if header is None:
            return None, position
        field, length, kind, stream, at = header
        size = min(self._chunk_size, length - len(state.pending))
        if len(self._buffer) < at + size:
            return None, position
        if not state.has_begun:
            state.begin(header_type, field)
            state.length, state.kind, state.stream = length, kind, stream
        self._streams[number] = state
        return self._add(number, state, bytes(memoryview(self._buffer)[at : at + size])), at + size

    def _basic_header_at(self, position: int) -> tuple[int, int, int] | None:
        """Return the header's type, the chunk stream, and where the message header begins [5.3.1.1]."""
        buffer = self._buffer
        if len(buffer) <= position:
            return None
        number, width = buffer[position] & 0x3F, 1
        if number < 2 and not self.has_short_headers:
            width += number + 1
            if len(buffer) < position + width:
                return None
            number = 64 + int.from_bytes(buffer[position + 1 : position + width], "little")
        return buffer[position] >> 6, number, position + width

    def _state(self, number: int, header_type: int) -> _ChunkState:
        known = self._streams.get(number)
        if known is None:
            if header_type != 0:
                raise ProtocolError(f"chunk stream {number} begins with a header of type {header_type}")
            if len(self._streams) >= MOST_CHUNK_STREAMS:
                raise ProtocolError(f"the server uses more than {MOST_CHUNK_STREAMS} chunk streams")
            return _ChunkState()
        if known.has_begun and header_type != _CONTINUES:
            raise ProtocolError(f"a message on chunk stream {number} begins inside another one")
        return known

    def _message_header_at(
        self, position: int, header_type: int, last: _ChunkState
    ) -> tuple[int, int, int, int, int] | None:
        """Return timestamp field, length, kind, message stream, and where the data begins [5.3.1.2]."""
        end = position + _HEADER_SIZES[header_type]
        buffer = self._buffer
        if len(buffer) < end:
            return None
        field, length, kind, stream = last.field, last.length, last.kind, last.stream
        if header_type < 3:
            field = int.from_bytes(buffer[position : position + 3], "big")
        if header_type < 2:
            length = int.from_bytes(buffer[position + 3 : position + 6], "big")
            kind = buffer[position + 6]
        if header_type == 0:
            stream = int.from_bytes(buffer[position + 7 : position + 11], "little")
        if length > LARGEST_MESSAGE:
            raise ProtocolError(f"a message of {length} bytes is larger than any picture")
        if field < _EXTENDED:
            return field, length, kind, stream, end
        extended = bytes(buffer[end : end + 4])
        if last.has_begun and not last.field.to_bytes(4, "big").startswith(extended):
            # Some servers do not repeat the extended timestamp in later chunks of a message: this is data.
            return field, length, kind, stream, end
        if len(extended) < 4:
            return None
        return int.from_bytes(extended, "big"), length, kind, stream, end + 4

    def _add(self, number: int, state: _ChunkState, data: bytes) -> ChunkMessage | None:
        if len(state.pending) + len(data) < state.length:
            state.pending += data
            self._pending += len(data)
            if self._pending > LARGEST_PENDING:
                raise ProtocolError("too much has come of messages that are not complete")
            return None
        body = data
        if state.pending:
            self._pending -= len(state.pending)
            state.pending += data  # not a sum of both: a picture of megabytes would be there three times
            body = bytes(state.pending)
        state.drop()
        return ChunkMessage(number, state.kind, state.stream, state.timestamp, body)

    def _obey(self, message: ChunkMessage) -> bool:
        """Obey a message about the chunk stream itself; return whether it was one."""
        if message.kind not in (SET_CHUNK_SIZE, ABORT):
            return False
        if len(message.body) != 4:
            raise ProtocolError(f"a control message has {len(message.body)} bytes instead of 4")
        value = int.from_bytes(message.body, "big")
        if message.kind == SET_CHUNK_SIZE:
            if not 0 < value < 0x80000000:
                raise ProtocolError(f"{value} is not a chunk size")
            self._chunk_size = value
        elif aborted := self._streams.get(value):
            self._pending -= len(aborted.pending)
            aborted.drop()
        return True


def chunked(message: ChunkMessage) -> bytes:
    """Return a message of ours in chunks of 128 bytes, with a header of type 0, which every server reads.

    Its chunk stream is under 64 and its timestamp under 2**24 - 1: commands need no more.
    """
    header = message.timestamp.to_bytes(3, "big") + len(message.body).to_bytes(3, "big")
    header += bytes((message.kind,)) + message.stream.to_bytes(4, "little")
    size = _FIRST_CHUNK_SIZE
    pieces = [message.body[at : at + size] for at in range(0, len(message.body), size)]
    continues = bytes((_CONTINUES << 6 | message.chunk_stream,))
    return bytes((message.chunk_stream,)) + header + continues.join(pieces)
