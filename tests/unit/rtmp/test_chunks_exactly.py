"""Chunks that are cut inside their header, and the limit of what is not complete, to the byte."""

import pytest

from restream_agent.rtmp.chunks import LARGEST_MESSAGE, LARGEST_PENDING, ChunkMessage, ChunkReader
from restream_agent.rtmp.errors import ProtocolError
from tests.unit.rtmp.chunk_writing import ServerChunks, chunk_size

PIECE = 1 << 20


@pytest.mark.parametrize("number", [63, 64, 319, 320, 65_599])
def test_a_header_may_come_byte_by_byte(number: int) -> None:
    """Its number may have one byte, two or three, also where the message goes on."""
    message, reader, found = ChunkMessage(number, 9, 1, 5, bytes(300)), ChunkReader(), list[ChunkMessage]()
    for byte in ServerChunks().write(message):
        found += reader.feed(bytes((byte,)))
    assert found == [message]


def test_the_limit_of_what_is_not_complete_passes() -> None:
    """And one byte more does not."""
    reader, size = ChunkReader(), (LARGEST_MESSAGE - 1).to_bytes(3)
    reader.feed(ServerChunks().write(chunk_size(PIECE)))
    pieces = LARGEST_PENDING // PIECE
    for number in range(pieces):
        first = bytes((3 + number,)) + bytes(3) + size + b"\x09\x01\0\0\0"
        assert reader.feed(first + bytes(PIECE)) == []
    reader.feed(ServerChunks().write(chunk_size(1)))
    with pytest.raises(ProtocolError, match="not complete"):
        reader.feed(b"\xc3x")
