"""A server's side of the chunk stream: any chunk size, any type of header, any chunk stream."""

from restream_agent.rtmp.chunks import SET_CHUNK_SIZE, ChunkMessage


class ServerChunks:
    """Writes messages with the shortest type of header that says it, or with type 0 alone."""

    def __init__(self, chunk_size: int = 128, *, is_compact: bool = False) -> None:
        self._chunk_size = chunk_size
        self._is_compact = is_compact
        self._last: dict[int, tuple[ChunkMessage, int | None]] = {}

    def write(self, *messages: ChunkMessage) -> bytes:
        """Return the bytes of messages. A Set Chunk Size message holds for those after it."""
        data = b""
        for message in messages:
            data += b"".join(self.chunks(message))
            if message.kind == SET_CHUNK_SIZE:
                self._chunk_size = int.from_bytes(message.body)
        return data

    def chunks(self, message: ChunkMessage) -> list[bytes]:
        """Return the chunks of a message, which may alternate with those of other chunk streams."""
        header_type, field = self._header_type(message)
        header = min(field, 0xFFFFFF).to_bytes(3) + len(message.body).to_bytes(3) + bytes((message.kind,))
        header += message.stream.to_bytes(4, "little")
        extended = field.to_bytes(4) if field >= 0xFFFFFF else b""
        first = basic_header(header_type, message.chunk_stream)
        first += header[: (11, 7, 3, 0)[header_type]] + extended
        others = basic_header(3, message.chunk_stream) + extended
        size = self._chunk_size
        pieces = [message.body[at : at + size] for at in range(0, len(message.body), size)] or [b""]
        return [first + pieces[0], *(others + piece for piece in pieces[1:])]

    def _header_type(self, message: ChunkMessage) -> tuple[int, int]:
        """Choose the header's type and what its timestamp field says."""
        last, last_delta = self._last.get(message.chunk_stream, (None, None))
        stamp = message.timestamp
        if not self._is_compact or last is None or last.stream != message.stream or stamp < last.timestamp:
            self._last[message.chunk_stream] = (message, None)
            return 0, stamp
        delta = stamp - last.timestamp
        self._last[message.chunk_stream] = (message, delta)
        if (last.kind, len(last.body)) != (message.kind, len(message.body)):
            return 1, delta
        # After a header of type 0, servers disagree on which delta a header of type 3 repeats.
        return (3 if delta == last_delta else 2), delta


def basic_header(header_type: int, number: int) -> bytes:
    """Return a basic header of one, two or three bytes (5.3.1.1)."""
    head = header_type << 6
    if number < 64:
        return bytes((head | number,))
    if number < 320:
        return bytes((head, number - 64))
    return bytes((head | 1,)) + (number - 64).to_bytes(2, "little")


def chunk_size(size: int) -> ChunkMessage:
    """Return the message that sets the chunk size."""
    return ChunkMessage(2, SET_CHUNK_SIZE, 0, 0, size.to_bytes(4))
