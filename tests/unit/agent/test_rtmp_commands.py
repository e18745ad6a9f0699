"""What the agent sends to play a stream, read back by the laboratory's parser."""

from restream_agent.agent import rtmp_commands
from tests.lab.rtmp import COMMAND, RtmpParser


def test_the_commands_are_connect_create_stream_and_play() -> None:
    """In this order, after the two halves of the client's handshake; AMF0 by Adobe's specification."""
    handshake = rtmp_commands.hello() + bytes(rtmp_commands.HANDSHAKE)
    sent = handshake + rtmp_commands.play("192.0.2.1", 1935, "live", "main")
    messages = list(RtmpParser().feed(sent, 0.0))
    assert [message.kind for message in messages] == [COMMAND] * 3
    connect, create, play = (message.payload for message in messages)
    assert connect == (
        b"\x02\x00\x07connect\x00\x3f\xf0\x00\x00\x00\x00\x00\x00"
        b"\x03\x00\x03app\x02\x00\x04live\x00\x05tcUrl\x02\x00\x1artmp://192.0.2.1:1935/live\x00\x00\x09"
    )
    assert create == b"\x02\x00\x0ccreateStream\x00\x40\x00\x00\x00\x00\x00\x00\x00\x05"
    assert play == b"\x02\x00\x04play" + b"\x00" + bytes(8) + b"\x05\x02\x00\x04main"


def test_a_long_name_goes_in_several_chunks() -> None:
    """A chunk has 128 bytes at most; the stream's name may have 255."""
    sent = rtmp_commands.hello() + bytes(rtmp_commands.HANDSHAKE)
    sent += rtmp_commands.play("127.0.0.1", 1935, "live", "n" * 255)
    *_, play = RtmpParser().feed(sent, 0.0)
    assert play.payload.endswith(b"\x02\x00\xff" + b"n" * 255)
