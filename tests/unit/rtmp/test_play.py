"""The player against a server of a few lines: what it says, what comes out, and how it ends."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.rtmp import amf0
from restream_agent.rtmp.chunks import ChunkMessage, ChunkReader
from restream_agent.rtmp.errors import (
    NoConnectionError,
    PlayError,
    PlayRefusedError,
    ProtocolError,
    StreamEndedError,
)
from restream_agent.rtmp.play import Player
from restream_agent.rtmp.tags import encode
from tests.unit.rtmp.chunk_writing import ServerChunks

GREETING = b"\x03" + bytes(range(256)) * 6 + bytes(1536)
"""S0, S1 and S2."""

EOF = ChunkMessage(2, 4, 0, 0, b"\0\x01\0\0\0\x01")
PICTURE = ChunkMessage(6, 9, 1, 5, b"\x17\x01")


def command(*values: amf0.Value, stream: int = 0) -> ChunkMessage:
    """Return a command of the server."""
    return ChunkMessage(3, 20, stream, 0, amf0.encode(*values))


def status(code: str, level: str = "status", **more: amf0.Value) -> ChunkMessage:
    """Return a status of the stream."""
    return command("onStatus", 0.0, None, {"level": level, "code": code, **more}, stream=1)


CONNECTED = command("_result", 1.0, {}, {"code": "NetConnection.Connect.Success"})
CREATED = command("_result", 2.0, None, 1.0)
START = status("NetStream.Play.Start")


class PlayerBench:
    """A player, and the server's side of its connection."""

    def __init__(self) -> None:
        self.player = Player("live", "main", "rtmp://127.0.0.1:1935/live")
        self._writer = ServerChunks(is_compact=True)
        self._reader = ChunkReader()
        self.hello = self.player.outgoing()

    def shake_hands(self) -> list[ChunkMessage]:
        """Greet; return what the player says after C2."""
        self.player.feed(GREETING)
        out = self.player.outgoing()
        assert out[:1536] == GREETING[1:1537]
        return self._reader.feed(out[1536:])

    def say(self, *messages: ChunkMessage) -> tuple[list[bytes], list[ChunkMessage]]:
        """Return the tags that messages bring, and what the player says."""
        tags = self.player.feed(self._writer.write(*messages))
        return tags, self._reader.feed(self.player.outgoing())

    def play(self) -> "PlayerBench":
        """Go on until the stream may come."""
        self.shake_hands()
        self.say(CONNECTED)
        self.say(CREATED)
        self.say(START)
        assert self.player.is_playing
        return self


def commands(messages: list[ChunkMessage]) -> list[list[amf0.Value]]:
    return [amf0.decode(message.body) for message in messages if message.kind == 20]


def test_the_conversation() -> None:
    """Handshake, connect, createStream, play: each as soon as the step before is answered."""
    bench = PlayerBench()
    assert bench.hello == b"\x03" + bytes(1536)
    ((name, transaction, place),) = commands(bench.shake_hands())
    assert (name, transaction) == ("connect", 1.0)
    assert isinstance(place, dict)
    assert (place["app"], place["tcUrl"]) == ("live", "rtmp://127.0.0.1:1935/live")
    _, said = bench.say(CONNECTED)
    assert commands(said) == [["createStream", 2.0, None]]
    _, said = bench.say(command("_result", 2.0, None, 7.0))
    assert commands(said) == [["play", 3.0, None, "main", -2.0]]
    assert [message.stream for message in said if message.kind == 20] == [7]
    assert [message.body for message in said if message.kind == 4] == [b"\0\x03\0\0\0\x07\0\0\0\x64"]
    assert not bench.player.is_playing
    bench.say(START)
    assert bench.player.is_playing


def test_the_handshake_may_come_in_pieces() -> None:
    """What follows S2 in the same piece is read as well."""
    bench = PlayerBench()
    for at in range(0, 3072, 512):
        assert bench.player.feed(GREETING[at : at + 512]) == []
    assert bench.player.outgoing() == b""
    bench.player.feed(GREETING[3072:] + ServerChunks().write(CONNECTED))
    said = ChunkReader().feed(bench.player.outgoing()[1536:])
    assert [values[0] for values in commands(said)] == ["connect", "createStream"]


def test_answers_to_what_was_not_asked_are_ignored() -> None:
    """Another transaction, or an answer that comes twice, sends no command."""
    bench = PlayerBench()
    bench.shake_hands()
    for stray in (CREATED, command("_result", 9.0, None), command("onBWDone", 0.0, None), command()):
        assert commands(bench.say(stray)[1]) == []
    bench.say(CONNECTED)
    assert commands(bench.say(CONNECTED)[1]) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from([8, 9, 18]),
            st.integers(0, 2**32 - 1),
            st.binary(min_size=1, max_size=400).filter(lambda body: not body.startswith(b"\x02")),
        ),
        max_size=10,
    ),
    st.lists(st.integers(0, 6000), max_size=20),
)
def test_every_tag_passes_untouched(stream: list[tuple[int, int, bytes]], cuts: list[int]) -> None:
    """Whatever its body holds, at whatever time, however the connection cuts it up."""
    bench = PlayerBench().play()
    data = ServerChunks().write(*(ChunkMessage(6, kind, 1, stamp, body) for kind, stamp, body in stream))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    tags = [tag for a, b in pairwise(edges) for tag in bench.player.feed(data[a:b])]
    assert tags == [encode(*tag) for tag in stream]


def test_a_stream_that_comes_before_play_is_answered_passes() -> None:
    """Nothing is waited for, and the stream is the answer."""
    bench = PlayerBench()
    bench.shake_hands()
    bench.say(CONNECTED)
    bench.say(CREATED)
    assert bench.say(PICTURE)[0] == [encode(9, 5, b"\x17\x01")]
    assert bench.player.is_playing


def test_metadata_alone_are_not_the_stream() -> None:
    """SRS sends those of the last publisher at once; play is answered by Play.Start, or by the stream."""
    bench = PlayerBench()
    bench.shake_hands()
    assert len(bench.say(ChunkMessage(5, 18, 1, 0, amf0.encode("onMetaData", {})))[0]) == 1
    assert not bench.player.is_playing


def test_a_publisher_on_chunk_stream_64_is_read_from_srs() -> None:
    """SRS sends it on with a basic header of one byte that says 0. Only SRS is read like that."""
    picture = b"\x00\0\0\x05\0\0\xc8\x09\x01\0\0\0" + bytes(128) + b"\xc0" + bytes(72)
    bench = PlayerBench()
    bench.shake_hands()
    bench.say(command("_result", 1.0, {}, {"code": "x", "data": {"srs_sig": "SRS"}}))
    assert bench.player.feed(picture) == [encode(9, 5, bytes(200))]
    with pytest.raises(ProtocolError):
        PlayerBench().play().player.feed(picture)


def test_a_ping_is_answered() -> None:
    """With its own time (7.1.7)."""
    _, said = PlayerBench().play().say(ChunkMessage(2, 4, 0, 0, b"\0\x06\x01\x02\x03\x04"))
    assert [message.body for message in said] == [b"\0\x07\x01\x02\x03\x04"]


def test_a_limit_of_bandwidth_is_answered_with_a_window() -> None:
    """Of the size that the server names (5.4.5)."""
    _, said = PlayerBench().play().say(ChunkMessage(2, 6, 0, 0, b"\0\x26\x25\xa0\x02"))
    assert [(message.kind, message.body) for message in said] == [(5, b"\0\x26\x25\xa0")]


def test_each_window_is_acknowledged() -> None:
    """With the count of all bytes since the handshake began (5.4.3)."""
    bench = PlayerBench().play()
    bench.say(ChunkMessage(2, 5, 0, 0, (10_000).to_bytes(4)))
    counts = []
    for _ in range(40):
        _, said = bench.say(ChunkMessage(6, 9, 1, 0, bytes(1000)))
        counts += [int.from_bytes(message.body) for message in said if message.kind == 3]
    assert 4 <= len(counts) <= 6
    assert all(10_000 <= after - before < 11_200 for before, after in pairwise(counts))


def test_without_a_window_nothing_is_acknowledged() -> None:
    """The server has not asked for it."""
    assert PlayerBench().play().say(ChunkMessage(6, 9, 1, 0, bytes(100_000)))[1] == []


@pytest.mark.parametrize("end", [EOF, status("NetStream.Play.UnpublishNotify")], ids=["EOF", "status"])
def test_the_publishers_end_comes_after_its_last_tag(end: ChunkMessage) -> None:
    """After media it is the end; before media it is the end of the publisher before."""
    bench = PlayerBench().play()
    bench.say(end)
    assert not bench.player.has_ended
    tags, _ = bench.say(PICTURE, end)
    assert len(tags) == 1
    assert bench.player.has_ended


def test_a_refused_connect_is_one_line() -> None:
    """It has the server's code and words, without control characters."""
    bench = PlayerBench()
    bench.shake_hands()
    refusal: amf0.Value = {"level": "error", "code": "Connect.Rejected", "description": "no\n<3>app"}
    with pytest.raises(PlayRefusedError) as caught:
        bench.say(command("_error", 1.0, None, refusal))
    assert str(caught.value) == r"the server refused connect: Connect.Rejected: no?<3>app"


def test_a_refusal_without_words_says_so() -> None:
    """The step alone is known."""
    bench = PlayerBench()
    bench.shake_hands()
    with pytest.raises(PlayRefusedError, match=r"^the server refused connect: it gave no reason$"):
        bench.say(command("_error", 1.0))


@pytest.mark.parametrize(
    "refusal",
    [
        status("NetStream.Play.StreamNotFound"),
        status("NetStream.Play.Failed"),
        status("x", level="error", description="no"),
    ],
    ids=["no such stream", "failed", "error"],
)
def test_a_refused_play_is_one_line(refusal: ChunkMessage) -> None:
    """By its code, or by its level."""
    with pytest.raises(PlayRefusedError, match="the server refused play: "):
        PlayerBench().play().say(refusal)


def test_a_long_description_is_cut() -> None:
    """A server may say anything, of any length."""
    with pytest.raises(PlayRefusedError) as caught:
        PlayerBench().play().say(status("x", level="error", description="y" * 5000))
    assert len(str(caught.value)) < 300


def test_an_end_of_the_connection_says_what_was_not_answered() -> None:
    """A server that lets nobody play closes the connection without a word."""
    refused, ended = PlayerBench().player.closed(), PlayerBench().play().player.closed()
    assert str(refused) == "the server closed the connection instead of answering the handshake"
    assert isinstance(refused, NoConnectionError)
    assert str(ended) == "the server closed the connection"
    assert isinstance(ended, StreamEndedError)


def test_what_is_not_rtmp_is_said() -> None:
    """An HTTP server on the port, for example."""
    with pytest.raises(ProtocolError, match="does not speak RTMP: its first byte is 72, not 3"):
        PlayerBench().player.feed(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize("stream", ["1", None, 0.0, -1.0, 2.0**32, float("nan"), float("inf")])
def test_a_stream_id_that_is_none_is_refused(stream: amf0.Value) -> None:
    """An id is a number of 32 bits other than 0."""
    bench = PlayerBench()
    bench.shake_hands()
    bench.say(CONNECTED)
    with pytest.raises(ProtocolError, match="no stream id"):
        bench.say(command("_result", 2.0, None, stream))


def complaint(step: Callable[[], object]) -> str:
    """Return the words of the error that a step ends with, "" without one."""
    try:
        step()
    except PlayError as error:
        return str(error)
    return ""


@given(st.binary(max_size=3000), st.booleans())
@settings(max_examples=200)
def test_any_bytes_raise_the_typed_error_at_most(data: bytes, is_greeted: bool) -> None:
    """Before and after the handshake, and always in one line."""
    bench = PlayerBench()
    if is_greeted:
        bench.shake_hands()
    assert "\n" not in complaint(lambda: bench.player.feed(data))


@given(st.lists(st.tuples(st.integers(2, 255), st.binary(max_size=60)), max_size=20))
def test_any_messages_raise_the_typed_error_at_most(messages: list[tuple[int, bytes]]) -> None:
    """Well-formed chunks with anything in them."""
    bench = PlayerBench()
    bench.shake_hands()
    said = (ChunkMessage(3, kind, 0, 0, body) for kind, body in messages)
    assert "\n" not in complaint(lambda: bench.say(*said))
