"""The bytes that an RTMP client sends to play a stream. Pure.

Adobe's "Real Time Messaging Protocol" 1.0: section 5.2 (handshake), 5.3 (chunks), 7.2 (commands);
AMF0 for the values of commands. What the server answers has no influence, so nothing here reads it.
"""

import struct

HANDSHAKE = 1536
"""Bytes of C1, C2, S1 and S2 each. C0 and S0, the version, are one byte."""

_CHUNK = 128
"""Bytes. The size of a chunk until somebody sets another."""

_COMMANDS, _NEXT_CHUNK = b"\x03", b"\xc3"
"""The basic headers of chunk stream 3: of a message's first chunk, and of those that follow."""

_COMMAND = 20
"""The type of a message with a command in AMF0."""


def hello() -> bytes:
    """Return C0 and C1: version 3, and a C1 without time and random bytes, which servers do not check."""
    return b"\x03" + bytes(HANDSHAKE)


def play(host: str, port: int, application: str, stream: str) -> bytes:
    """Return the commands that play a stream, to be sent after C2.

    They are sent in one go: a server that has no other stream on this connection numbers the first one 1.
    """
    place = _object({"app": application, "tcUrl": f"rtmp://{host}:{port}/{application}"})
    return (
        _message(0, _string("connect") + _number(1) + place)
        + _message(0, _string("createStream") + _number(2) + _NULL)
        + _message(1, _string("play") + _number(0) + _NULL + _string(stream))
    )


_NULL = b"\x05"


def _number(value: int) -> bytes:
    return b"\x00" + struct.pack(">d", value)


def _string(text: str) -> bytes:
    return b"\x02" + _name(text)


def _name(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2) + data


def _object(texts: dict[str, str]) -> bytes:
    return b"\x03" + b"".join(_name(key) + _string(text) for key, text in texts.items()) + b"\x00\x00\x09"


def _message(stream: int, payload: bytes) -> bytes:
    """Return a message in chunks, the first with a header of type 0 at timestamp 0."""
    header = bytes(3) + len(payload).to_bytes(3) + bytes((_COMMAND,)) + stream.to_bytes(4, "little")
    pieces = [payload[at : at + _CHUNK] for at in range(0, len(payload), _CHUNK)]
    return _COMMANDS + header + _NEXT_CHUNK.join(pieces)
