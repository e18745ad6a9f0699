"""What a client says to an RTMP server so that the server sends a stream: bytes in, bytes and tags out. Pure.

Source: Adobe's "Real Time Messaging Protocol" 1.0 (2012); sections in brackets.

    client:  C0 C1            C2 connect            createStream           play, buffer length
    server:         S0 S1 S2             … _result               _result                       … the stream
"""

from restream_agent.rtmp import amf0
from restream_agent.rtmp.chunks import ChunkMessage, ChunkReader, chunked
from restream_agent.rtmp.errors import (
    NoConnectionError,
    PlayError,
    PlayRefusedError,
    ProtocolError,
    StreamEndedError,
)
from restream_agent.rtmp.handshake import ANSWER, VERSION, hello, reply
from restream_agent.rtmp.tags import AGGREGATE, AUDIO, VIDEO, tags

_ACKNOWLEDGEMENT, _USER_CONTROL, _WINDOW_SIZE, _PEER_BANDWIDTH = 3, 4, 5, 6
_AMF3_COMMAND, _COMMAND = 17, 20
"""Types of messages [5.4, 7.1]."""

_STREAM_EOF, _BUFFER_LENGTH, _PING_REQUEST, _PING_RESPONSE = 1, 3, 6, 7
"""Events of user control messages [7.1.7]."""

_CONTROL_CHUNKS, _COMMAND_CHUNKS, _STREAM_CHUNKS = 2, 3, 8
"""The chunk streams of what a client says."""

_CONNECT, _CREATE_STREAM, _PLAY = 1.0, 2.0, 3.0
"""Transaction ids. An answer has the id of its command [7.2]."""

_LIVE = -2.0
"""The start of `play`: a live stream if there is one. Some servers refuse -1, live alone [7.2.2.1]."""

_BUFFER_MS = 100
"""The client's buffer. Servers of live streams do nothing with it."""

_WINDOW = 2_500_000
"""Bytes after which the server is to acknowledge what a client says, which never comes to that."""

_MEDIA = (AUDIO, VIDEO, AGGREGATE)
_ENDS = ("NetStream.Play.UnpublishNotify", "NetStream.Play.Stop", "NetStream.Play.Complete")
_MISSING = ("NetStream.Play.StreamNotFound", "NetStream.Play.FileNotFound")
_REFUSED = (".Failed", ".Rejected", ".Unauthorized")

_LONGEST_WORD = 200
"""Characters of a server's words that are passed on."""


class Player:
    """Plays one stream over one connection.

    After the start and after each `feed`, the bytes that `outgoing` returns are to be sent to the server.
    """

    def __init__(self, application: str, stream: str, url: str) -> None:
        """`url` is that of the application, without the stream (servers call it tcUrl)."""
        self._application = application
        self._stream = stream
        self._url = url
        self._chunks = ChunkReader()
        self._greeting: bytearray | None = bytearray()
        self._out = bytearray(hello())
        self._received = 0
        self._acknowledged = 0
        self._window = 0
        self._awaited = "the handshake"
        self._has_media = False
        self._has_ended = False

    @property
    def is_playing(self) -> bool:
        """Whether the server will send the stream as soon as somebody publishes it."""
        return not self._awaited

    @property
    def has_ended(self) -> bool:
        """Whether the server has said that the publisher has gone."""
        return self._has_ended

    def outgoing(self) -> bytes:
        """Return what is to be sent to the server, once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def closed(self) -> PlayError:
        """Return the error for a server that has closed the connection."""
        if self.is_playing:
            return StreamEndedError("the server closed the connection")
        return NoConnectionError(f"the server closed the connection instead of answering {self._awaited}")

    def feed(self, data: bytes) -> list[bytes]:
        """Take the server's next bytes and return the FLV tags that are now complete.

        Raises PlayError if the stream cannot be played.
        """
        self._received += len(data)
        if self._greeting is not None:
            data = self._shake_hands(self._greeting, data)
        found: list[bytes] = []
        for message in self._chunks.feed(data):
            held = tags(message)
            found += held
            if not held:
                self._answer(message)
            elif message.kind in _MEDIA:
                self._has_media, self._awaited = True, ""
        self._acknowledge()
        return found

    def _shake_hands(self, received: bytearray, data: bytes) -> bytes:
        """Take S0, S1 and S2; answer with C2 and connect. Return what follows S2."""
        received += data
        if received and received[:1] != VERSION:
            raise ProtocolError(f"the server does not speak RTMP: its first byte is {received[0]}, not 3")
        if len(received) < ANSWER:
            return b""
        self._greeting = None
        self._out += reply(received)
        self._connect()
        return bytes(received[ANSWER:])

    def _connect(self) -> None:
        self._awaited = "connect"
        self._command(
            0, "connect", _CONNECT,
            {
                "app": self._application, "flashVer": "LNX 9,0,124,2", "tcUrl": self._url, "fpad": False,
                "capabilities": 15.0, "audioCodecs": 4071.0, "videoCodecs": 252.0, "videoFunction": 1.0,
                # Enhanced RTMP: every codec, and several tracks.
                "fourCcList": ["*"], "capsEx": 2.0,
            },
        )  # fmt: skip

    def _command(self, stream: int, name: str, transaction: float, *arguments: amf0.Value) -> None:
        body = amf0.encode(name, transaction, *arguments)
        chunks = _STREAM_CHUNKS if stream else _COMMAND_CHUNKS
        self._out += chunked(ChunkMessage(chunks, _COMMAND, stream, 0, body))

    def _control(self, kind: int, body: bytes) -> None:
        self._out += chunked(ChunkMessage(_CONTROL_CHUNKS, kind, 0, 0, body))

    def _acknowledge(self) -> None:
        """Acknowledge what has been received, once a window [5.4.3]."""
        if self._window and self._received - self._acknowledged >= self._window:
            self._acknowledged = self._received
            self._control(_ACKNOWLEDGEMENT, (self._received & 0xFFFFFFFF).to_bytes(4, "big"))

    def _answer(self, message: ChunkMessage) -> None:
        body = message.body
        if message.kind == _WINDOW_SIZE:
            self._window = int.from_bytes(body[:4], "big")
        elif message.kind == _PEER_BANDWIDTH:
            self._control(_WINDOW_SIZE, body[:4])  # the answer that the server asks for [5.4.5]
        elif message.kind == _USER_CONTROL:
            self._take_event(int.from_bytes(body[:2], "big"), body[2:])
        elif message.kind == _COMMAND:
            self._take_command(amf0.decode(body))
        elif message.kind == _AMF3_COMMAND:
            self._take_command(amf0.decode(body[1:]))

    def _take_event(self, event: int, data: bytes) -> None:
        """Take a user control message [7.1.7]."""
        if event == _PING_REQUEST:
            self._control(_USER_CONTROL, _PING_RESPONSE.to_bytes(2, "big") + data[:4])
        elif event == _STREAM_EOF and self._has_media:
            # Before any media it is the end of the publisher before this one.
            self._has_ended = True

    def _take_command(self, values: list[amf0.Value]) -> None:
        name, transaction = (*values, None, None)[:2]
        level, code, description = _information(values)
        if name == "_error":
            raise PlayRefusedError(self._awaited or "a command", code, description)
        if name == "onStatus":
            self._take_status(level, code, description)
        elif name == "_result" and transaction == _CONNECT and self._awaited == "connect":
            self._awaited = "createStream"
            self._chunks.has_short_headers = _is_srs(values)
            self._control(_WINDOW_SIZE, _WINDOW.to_bytes(4, "big"))
            self._command(0, "createStream", _CREATE_STREAM, None)
        elif name == "_result" and transaction == _CREATE_STREAM and self._awaited == "createStream":
            self._play(values[3] if len(values) > 3 else None)

    def _play(self, stream: amf0.Value) -> None:
        if not isinstance(stream, float) or not 0 < stream < 2**32:
            raise ProtocolError("the server's answer to createStream has no stream id")
        self._awaited = "play"
        number = int(stream)
        self._command(number, "play", _PLAY, None, self._stream, _LIVE)
        buffer = number.to_bytes(4, "big") + _BUFFER_MS.to_bytes(4, "big")
        self._control(_USER_CONTROL, _BUFFER_LENGTH.to_bytes(2, "big") + buffer)

    def _take_status(self, level: str, code: str, description: str) -> None:
        if level == "error" or code in _MISSING or code.endswith(_REFUSED):
            raise PlayRefusedError(self._awaited or "play", code, description)
        if code in _ENDS and self._has_media:
            self._has_ended = True
        if code == "NetStream.Play.Start":
            self._awaited = ""


def _is_srs(values: list[amf0.Value]) -> bool:
    """Return whether an answer to connect is from SRS, which signs it."""
    data = values[-1].get("data") if isinstance(values[-1], dict) else None
    return isinstance(data, dict) and "srs_sig" in data


def _information(values: list[amf0.Value]) -> tuple[str, str, str]:
    """Return level, code and description of an answer, "" for what is missing, in printable characters."""
    found = next((value for value in reversed(values) if isinstance(value, dict)), {})
    words = (found.get(name) for name in ("level", "code", "description"))
    level, code, description = (_printable(word) if isinstance(word, str) else "" for word in words)
    return level, code, description


def _printable(word: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in word[:_LONGEST_WORD])
