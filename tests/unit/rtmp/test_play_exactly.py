"""What a player says, to the byte: its chunk streams, its acknowledgements, and commands in AMF3."""

import pytest

from restream_agent.rtmp.chunks import ChunkMessage, ChunkReader
from restream_agent.rtmp.errors import PlayRefusedError, ProtocolError
from restream_agent.rtmp.play import Player
from tests.unit.rtmp.chunk_writing import ServerChunks
from tests.unit.rtmp.test_play import CONNECTED, CREATED, GREETING, START, PlayerBench, command


def test_commands_and_the_stream_have_chunk_streams_of_their_own() -> None:
    """The stream's is 8, as with other clients."""
    bench = PlayerBench()
    said = [*bench.shake_hands(), *bench.say(CONNECTED)[1], *bench.say(CREATED)[1]]
    assert [message.chunk_stream for message in said if message.kind == 20] == [3, 3, 8]


def test_a_window_is_acknowledged_to_the_byte() -> None:
    """As soon as that many bytes have come since the last acknowledgement."""
    player, reader, server = Player("live", "main", "rtmp://127.0.0.1/live"), ChunkReader(), ServerChunks()
    player.feed(GREETING)
    player.outgoing()
    before = len(GREETING) + 16  # with the message that sets the window
    window = before + 100
    player.feed(server.write(ChunkMessage(2, 5, 0, 0, window.to_bytes(4))))
    data = server.write(ChunkMessage(6, 9, 1, 0, bytes(2 * window)))
    counts = []
    for begin, end in ((0, 99), (99, 100), (100, window + 99), (window + 99, window + 100)):
        player.feed(data[begin:end])
        said = reader.feed(player.outgoing())
        counts.append([int.from_bytes(message.body) for message in said if message.kind == 3])
    assert counts == [[], [window], [], [2 * window]]


def test_a_command_in_amf3_is_one_behind_a_byte() -> None:
    """Other messages are no commands, whatever they hold."""
    bench = PlayerBench()
    bench.shake_hands()
    bench.say(CONNECTED)
    bench.say(CREATED)
    bench.say(ChunkMessage(3, 19, 1, 0, b"\0" + START.body))
    assert not bench.player.is_playing
    bench.say(ChunkMessage(3, 17, 1, 0, b"\0" + START.body))
    assert bench.player.is_playing


def test_a_refusal_of_nothing_that_is_awaited_is_one_of_a_command() -> None:
    """The server's code says the rest."""
    with pytest.raises(PlayRefusedError, match="the server refused a command: x"):
        PlayerBench().play().say(command("_error", 9.0, None, {"code": "x"}))


def test_an_answer_that_ends_before_the_stream_id_has_none() -> None:
    """It is refused like an id that cannot be."""
    bench = PlayerBench()
    bench.shake_hands()
    bench.say(CONNECTED)
    with pytest.raises(ProtocolError, match="no stream id"):
        bench.say(command("_result", 2.0, None))
