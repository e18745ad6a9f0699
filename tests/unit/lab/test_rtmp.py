"""The laboratory's RTMP parser reads back what an independent encoder wrote."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.rtmp import (
    ABORT,
    AUDIO,
    EXTENDED,
    HANDSHAKE_BYTES,
    SET_CHUNK_SIZE,
    VIDEO,
    RtmpError,
    RtmpParser,
)


@dataclass(frozen=True)
class Sent:
    """A message to encode: chunk stream, type id, ms since the previous message on that stream, payload."""

    stream: int
    kind: int
    step: int
    payload: bytes


def basic(form: int, stream: int) -> bytes:
    if stream < 64:
        return bytes([form << 6 | stream])
    if stream < 320:
        return bytes([form << 6, stream - 64])
    return bytes([form << 6 | 1]) + (stream - 64).to_bytes(2, "little")


class ChunkWriter:
    """Writes messages as chunks with the shortest header the specification allows."""

    def __init__(self) -> None:
        self.chunk_size = 128
        self.last: dict[int, tuple[int, int, int, int]] = {}  # kind, length, timestamp, field

    def encode(self, sent: Sent) -> bytes:
        known = self.last.get(sent.stream)
        timestamp = (known[2] if known else 0) + sent.step
        field = sent.step if known else timestamp
        if known is None:
            form = 0
        elif known[:2] != (sent.kind, len(sent.payload)):
            form = 1
        else:
            form = 3 if known[3] == field else 2
        self.last[sent.stream] = (sent.kind, len(sent.payload), timestamp, field)
        head = min(field, EXTENDED).to_bytes(3)
        if form < 2:
            head += len(sent.payload).to_bytes(3) + bytes([sent.kind])
        if form == 0:
            head += (1).to_bytes(4, "little")
        extended = field.to_bytes(4) if field >= EXTENDED else b""
        out = basic(form, sent.stream) + (head if form < 3 else b"") + extended
        pieces = [
            sent.payload[at : at + self.chunk_size] for at in range(0, len(sent.payload), self.chunk_size)
        ]
        return out + (basic(3, sent.stream) + extended).join(pieces)

    def set_chunk_size(self, size: int) -> bytes:
        out = self.encode(Sent(2, SET_CHUNK_SIZE, 0, size.to_bytes(4)))
        self.chunk_size = size
        return out


messages = st.builds(
    Sent,
    stream=st.sampled_from((3, 4, 63, 64, 319, 320, 65599)),
    kind=st.sampled_from((AUDIO, VIDEO)),
    step=st.sampled_from((0, 1, 20, 40, EXTENDED - 1, EXTENDED, EXTENDED + 5)),
    payload=st.binary(max_size=600),
)


@given(
    st.lists(st.one_of(messages, st.integers(1, 5000)), max_size=12),
    st.lists(st.integers(1, 700), min_size=1, max_size=20),
)
def test_what_is_encoded_is_read_back_however_it_is_cut(items: list[Sent | int], cuts: list[int]) -> None:
    """Types, timestamps and payloads survive all header types, chunk sizes, long timestamps and TCP cuts."""
    writer, stream, expected = ChunkWriter(), b"\0" * HANDSHAKE_BYTES, []
    for item in items:
        if isinstance(item, int):
            stream += writer.set_chunk_size(item)
        else:
            stream += writer.encode(item)
            expected.append((item.kind, writer.last[item.stream][2] % 2**32, item.payload))
    parser, actual, number = RtmpParser(), [], 0
    while stream:
        size = cuts[number % len(cuts)]
        actual += list(parser.feed(stream[:size], float(number)))
        stream, number = stream[size:], number + 1
    assert expected == [(message.kind, message.timestamp, message.payload) for message in actual]


def test_interleaved_chunks_are_put_together_per_stream() -> None:
    """Interleaved chunks of two messages give two messages, each with the arrival of its last byte."""
    video = ChunkWriter().encode(Sent(4, VIDEO, 5, b"v" * 200))
    audio = ChunkWriter().encode(Sent(6, AUDIO, 7, b"a" * 150))
    cut_video, cut_audio = 1 + 11 + 128, 1 + 11 + 128
    wire = video[:cut_video] + audio[:cut_audio] + audio[cut_audio:] + video[cut_video:]
    parser = RtmpParser()
    list(parser.feed(b"\0" * HANDSHAKE_BYTES, 0.0))
    assert [(message.kind, message.payload) for message in parser.feed(wire, 1.0)] == [
        (AUDIO, b"a" * 150),
        (VIDEO, b"v" * 200),
    ]


def test_an_abort_message_drops_the_half_message() -> None:
    """After an abort, the next chunk of that stream begins a new message."""
    half = ChunkWriter().encode(Sent(4, VIDEO, 0, b"v" * 200))[: 1 + 11 + 128]
    abort = ChunkWriter().encode(Sent(2, ABORT, 0, (4).to_bytes(4)))
    whole = ChunkWriter().encode(Sent(4, VIDEO, 9, b"w" * 10))
    parser = RtmpParser()
    actual = list(parser.feed(b"\0" * HANDSHAKE_BYTES + half + abort + whole, 0.0))
    assert [(message.timestamp, message.payload) for message in actual] == [(9, b"w" * 10)]


def test_a_stream_that_begins_in_the_middle_is_refused() -> None:
    """A type 3 header without an earlier header is not RTMP."""
    with pytest.raises(RtmpError, match="begins with a header of type 3"):
        list(RtmpParser().feed(b"\0" * HANDSHAKE_BYTES + b"\xc4abc", 0.0))
