"""RTMP's chunk stream, the writing side: messages in, bytes out. Pure; standard library only.

It follows Adobe's "Real Time Messaging Protocol" 1.0, section 5.3.
"""

from dataclasses import dataclass

from tests.lab.rtmp import DEFAULT_CHUNK_SIZE, EXTENDED, SET_CHUNK_SIZE

LARGEST_LANE = 65599
_HEADER_BYTES = (11, 7, 3, 0)


@dataclass(frozen=True, slots=True)
class _LastMessage:
    kind: int
    length: int
    stream: int
    timestamp: int
    delta: int | None  # None after a full header: servers disagree on what a type 3 header repeats then


class MessageWriter:
    """Turns messages into chunks. With `is_compact` headers are as short as they may be, else full."""

    def __init__(self, *, is_compact: bool = True) -> None:
        self._chunk_size = DEFAULT_CHUNK_SIZE
        self._is_compact = is_compact
        self._last: dict[int, _LastMessage] = {}

    def write(self, lane: int, kind: int, body: bytes, *, stream: int = 0, timestamp: int = 0) -> bytes:
        """Return a message's chunks; `lane` is its chunk stream. Set Chunk Size holds for what follows."""
        form, field = self._form(lane, kind, len(body), stream, timestamp)
        header = min(field, EXTENDED).to_bytes(3) + len(body).to_bytes(3) + bytes((kind,))
        header += stream.to_bytes(4, "little")
        extended = field.to_bytes(4) if field >= EXTENDED else b""
        first = _basic(form, lane) + header[: _HEADER_BYTES[form]] + extended
        size = self._chunk_size
        pieces = [body[at : at + size] for at in range(0, max(1, len(body)), size)]
        if kind == SET_CHUNK_SIZE:
            self._chunk_size = int.from_bytes(body)
        return first + (_basic(3, lane) + extended).join(pieces)

    def _form(self, lane: int, kind: int, length: int, stream: int, timestamp: int) -> tuple[int, int]:
        """Choose the header's type and what its timestamp field says (5.3.1.2)."""
        last = self._last.get(lane)
        if not self._is_compact or last is None or last.stream != stream or timestamp < last.timestamp:
            self._last[lane] = _LastMessage(kind, length, stream, timestamp, None)
            return 0, timestamp
        delta = timestamp - last.timestamp
        self._last[lane] = _LastMessage(kind, length, stream, timestamp, delta)
        if (kind, length) != (last.kind, last.length):
            return 1, delta
        return (3 if delta == last.delta else 2), delta


def _basic(form: int, lane: int) -> bytes:
    """Return a basic header (5.3.1.1)."""
    if not 2 <= lane <= LARGEST_LANE:
        raise ValueError(f"{lane} is not a chunk stream")
    if lane < 64:
        return bytes((form << 6 | lane,))
    if lane < 320:
        return bytes((form << 6, lane - 64))
    return bytes((form << 6 | 1,)) + (lane - 64).to_bytes(2, "little")
