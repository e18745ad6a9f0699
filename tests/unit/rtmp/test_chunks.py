"""The chunk stream: what a server writes is read, however it is cut up, and hostile bytes are bounded."""

import time
import tracemalloc
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.rtmp.chunks import (
    LARGEST_MESSAGE,
    LARGEST_PENDING,
    MOST_CHUNK_STREAMS,
    ChunkMessage,
    ChunkReader,
    chunked,
)
from restream_agent.rtmp.errors import ProtocolError
from tests.unit.rtmp.chunk_writing import ServerChunks, chunk_size

STAMPS = st.one_of(
    st.integers(0, 0xFFFFFFFF), st.sampled_from([0, 1, 0xFFFFFE, 0xFFFFFF, 0x1000000, 0x7FFFFFFF, 0xFFFFFFFF])
)
NUMBERS = st.one_of(st.integers(2, 8), st.sampled_from([2, 63, 64, 319, 320, 65599]))
KINDS = st.integers(3, 255)
MESSAGES = st.builds(
    ChunkMessage, NUMBERS, KINDS, st.sampled_from([0, 1, 2**32 - 1]), STAMPS, st.binary(max_size=700)
)
CUTS = st.lists(st.integers(0, 5000), max_size=30)
PICTURE = b"\x04\0\0\x05\0\x01\x90\x09\x01\0\0\0"
"""The header of a message of 400 bytes at 5 ms on chunk stream 4."""


def fed(reader: ChunkReader, data: bytes, cuts: list[int]) -> list[ChunkMessage]:
    """Feed data in pieces that end at `cuts`."""
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found = []
    for start, end in pairwise(edges):
        found += reader.feed(data[start:end])
    return found


@given(st.lists(MESSAGES, max_size=12), CUTS, st.sampled_from([1, 2, 128, 400, 65536]), st.booleans())
def test_what_is_written_is_read_however_it_is_cut_up(
    messages: list[ChunkMessage], cuts: list[int], size: int, is_compact: bool
) -> None:
    """With each chunk size, each type of header, each chunk stream and any timestamp."""
    data = ServerChunks(is_compact=is_compact).write(chunk_size(size), *messages)
    assert fed(ChunkReader(), data, cuts) == messages


@given(st.lists(st.tuples(st.binary(max_size=600), STAMPS), max_size=8), CUTS, st.integers(1, 200))
def test_bytes_that_come_one_by_one_make_no_difference(
    parts: list[tuple[bytes, int]], cuts: list[int], size: int
) -> None:
    """Steps of one byte, and steps of any size, give the same messages."""
    messages = [ChunkMessage(5, 9, 1, stamp, body) for body, stamp in parts]
    data = ServerChunks(is_compact=True).write(chunk_size(size), *messages)
    assert fed(ChunkReader(), data, list(range(len(data)))) == messages
    assert fed(ChunkReader(), data, cuts) == messages


@given(st.permutations([0] * 6 + [1] * 3 + [2] * 4), st.binary(min_size=600, max_size=600), CUTS, STAMPS)
def test_messages_on_different_chunk_streams_may_alternate(
    order: list[int], body: bytes, cuts: list[int], stamp: int
) -> None:
    """The chunks of three messages in any order give three whole messages."""
    writer = ServerChunks()
    messages = [
        ChunkMessage(4, 8, 1, stamp, body),
        ChunkMessage(70, 9, 1, 7, body[:300]),
        ChunkMessage(400, 18, 1, 9, body[:450]),
    ]
    queues = [iter(writer.chunks(message)) for message in messages]
    data = b"".join(next(queues[index], b"") for index in order)
    data += b"".join(chunk for queue in queues for chunk in queue)
    assert sorted(fed(ChunkReader(), data, cuts), key=lambda message: message.kind) == messages


@given(st.binary(max_size=3000), CUTS)
@settings(max_examples=300)
def test_any_bytes_are_messages_or_the_typed_error(data: bytes, cuts: list[int]) -> None:
    """A hostile server causes no other exception."""
    with suppress(ProtocolError):
        assert all(message.kind > 2 or message.kind == 0 for message in fed(ChunkReader(), data, cuts))


@given(st.integers(1, 200), st.binary(max_size=500), CUTS)
def test_an_extended_timestamp_need_not_be_repeated(size: int, body: bytes, cuts: list[int]) -> None:
    """Some servers leave it out of a message's later chunks, against 5.3.1.3. SRS guesses in the same way."""
    stamp = 0x01234567
    body = b"\x42" + body
    # A piece that begins as the timestamp does would be taken for the timestamp.
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    pieces = [piece if piece[:1] != b"\x01" else b"\x02" + piece[1:] for piece in pieces]
    head = b"\x04\xff\xff\xff" + len(body).to_bytes(3) + b"\x09\x01\0\0\0" + stamp.to_bytes(4)
    data = ServerChunks().write(chunk_size(size)) + head + b"\xc4".join(pieces)
    assert fed(ChunkReader(), data, cuts) == [ChunkMessage(4, 9, 1, stamp, b"".join(pieces))]


def test_a_delta_of_32_bits_goes_back() -> None:
    """nginx-rtmp says "300 ms earlier" as a delta of 2**32 - 300."""
    first = ServerChunks().write(ChunkMessage(6, 9, 1, 1000, b"a"))
    second = b"\x46\xff\xff\xff\0\0\x01\x08" + (2**32 - 300).to_bytes(4) + b"b"
    assert [message.timestamp for message in ChunkReader().feed(first + second)] == [1000, 700]


def test_a_header_of_type_3_repeats_the_delta() -> None:
    """After a delta of 40 ms, each message is 40 ms later than the one before (5.3.1.2.4)."""
    data = ServerChunks().write(ChunkMessage(6, 9, 1, 1000, b"a")) + b"\x86\0\0\x28b" + b"\xc6c" + b"\xc6d"
    assert [message.timestamp for message in ChunkReader().feed(data)] == [1000, 1040, 1080, 1120]


def test_an_aborted_message_is_forgotten() -> None:
    """Abort drops what has come of a message (5.4.2), and the next begins with a header of any type."""
    chunks = ServerChunks().chunks(ChunkMessage(6, 9, 1, 0, bytes(300)))
    abort = ServerChunks().write(ChunkMessage(2, 2, 0, 0, (6).to_bytes(4)))
    after = ServerChunks().write(ChunkMessage(6, 8, 1, 5, b"x"))
    assert ChunkReader().feed(chunks[0] + abort + after) == [ChunkMessage(6, 8, 1, 5, b"x")]


def test_an_abort_of_an_unknown_chunk_stream_is_no_fault() -> None:
    """Nothing has come of it."""
    abort = ServerChunks().write(ChunkMessage(2, 2, 0, 0, (77).to_bytes(4)))
    assert ChunkReader().feed(abort) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"\x44\0\0\0\0\0\0\0", "begins with a header of type 1", id="type 1 first"),
        pytest.param(b"\xc4", "begins with a header of type 3", id="type 3 first"),
        pytest.param(b"\x04\0\0\0\xff\xff\xff\x09\x01\0\0\0", "larger than any picture", id="16 MiB"),
        pytest.param(b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\0\0\0", "0 is not a chunk size", id="chunk size 0"),
        pytest.param(
            b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\x80\0\0\0", "is not a chunk size", id="chunk size 2**31"
        ),
        pytest.param(b"\x02\0\0\0\0\0\x03\x01\0\0\0\0\0\0\0", "3 bytes instead of 4", id="3 bytes"),
        pytest.param((PICTURE + bytes(128)) * 2, "begins inside another", id="a message inside a message"),
    ],
)
def test_what_cannot_be_right_is_refused(data: bytes, words: str) -> None:
    """At once, with words."""
    with pytest.raises(ProtocolError, match=words):
        ChunkReader().feed(data)


def test_a_message_may_be_as_large_as_the_limit() -> None:
    """The limit itself passes, and one byte more does not."""
    reader = ChunkReader()
    reader.feed(b"\x04\0\0\0" + LARGEST_MESSAGE.to_bytes(3) + b"\x09\x01\0\0\0" + bytes(128))
    with pytest.raises(ProtocolError, match=f"{LARGEST_MESSAGE + 1} bytes"):
        reader.feed(b"\x05\0\0\0" + (LARGEST_MESSAGE + 1).to_bytes(3) + b"\x09\x01\0\0\0")


def test_more_chunk_streams_than_a_server_uses_are_refused() -> None:
    """The limit passes, and the next does not."""
    reader = ChunkReader()
    for number in range(MOST_CHUNK_STREAMS):
        reader.feed(ServerChunks().write(ChunkMessage(100 + number, 9, 1, 0, b"")))
    with pytest.raises(ProtocolError, match=f"{MOST_CHUNK_STREAMS} chunk streams"):
        reader.feed(ServerChunks().write(ChunkMessage(99, 9, 1, 0, b"")))


def test_messages_without_an_end_have_a_limit() -> None:
    """What has come of them is at most LARGEST_PENDING bytes, and memory is in proportion."""
    reader = ChunkReader()
    piece = bytes(1 << 20)
    size = (LARGEST_MESSAGE - 1).to_bytes(3)
    reader.feed(ServerChunks().write(chunk_size(len(piece))))

    def leave_unfinished() -> None:
        for number in range(3, 60):
            reader.feed(bytes((number,)) + bytes(3) + size + b"\x09\x01\0\0\0" + piece)
            for _ in range(6):
                reader.feed(bytes((0xC0 | number,)) + piece)

    tracemalloc.start()
    with pytest.raises(ProtocolError, match="not complete"):
        leave_unfinished()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * LARGEST_PENDING


def test_complete_and_aborted_messages_do_not_count_as_pending() -> None:
    """A stream may go on for ever."""
    reader = ChunkReader()
    abort = ServerChunks().write(ChunkMessage(2, 2, 0, 0, (6).to_bytes(4)))
    large = ChunkMessage(6, 9, 1, 0, bytes(1 << 20))
    half = ServerChunks(1 << 19).chunks(large)[0]
    reader.feed(ServerChunks().write(chunk_size(1 << 19)))
    for _ in range(1 + LARGEST_PENDING // len(half)):
        assert reader.feed(ServerChunks(1 << 19).write(large)) == [large]
        assert reader.feed(half + abort) == []


@pytest.mark.parametrize("step", [1, 7, 4096])
def test_time_grows_with_the_length_alone(step: int) -> None:
    """Four times the bytes, cut as finely, take about four times as long, even inside one huge chunk."""

    def seconds(size: int) -> float:
        data = ServerChunks().write(chunk_size(1 << 24))
        data += b"\x04\0\0\0" + size.to_bytes(3) + b"\x09\x01\0\0\0" + bytes(size)
        best = 9.0
        for _ in range(3):
            reader, begun, count = ChunkReader(), time.process_time(), 0
            for at in range(0, len(data), step):
                count += len(reader.feed(data[at : at + step]))
            assert count == 1
            best = min(best, time.process_time() - begun)
        return best

    small = 20_000 * min(step, 100)
    assert seconds(4 * small) < 10 * seconds(small) + 0.02


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 300])
def test_what_a_client_says_is_read(length: int) -> None:
    """Commands have headers of type 0 in chunks of 128 bytes."""
    message = ChunkMessage(3, 20, 7, 5, bytes(range(256)) * 2)
    message.body = message.body[:length]
    assert ChunkReader().feed(chunked(message)) == [message]
    assert chunked(message) == ServerChunks().write(message)


def test_messages_are_compared_by_what_they_hold() -> None:
    """Tests and logs show every field."""
    message = ChunkMessage(3, 20, 0, 0, b"a")
    assert message != ChunkMessage(3, 20, 0, 0, b"b")
    assert repr(message) == "ChunkMessage(3, 20, 0, 0, b'a')"
