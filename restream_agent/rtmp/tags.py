"""Which messages of a server are the publisher's stream, and as which FLV tags.

Pure. Bodies and timestamps stay as the publisher sent them: RTMP's audio, video and data messages hold what
FLV tags hold (Adobe's "Real Time Messaging Protocol" 1.0, 7.1.3 to 7.1.6), codecs of Enhanced RTMP and
further sound tracks included. This module writes tags itself, because the import of stream/flv.py takes
longer than everything else here (`dataclasses`, 12 ms).
"""

import struct

from restream_agent.rtmp.chunks import ChunkMessage
from restream_agent.rtmp.errors import ProtocolError

AUDIO, VIDEO, SCRIPT = 8, 9, 18
"""Types of messages, and of FLV tags."""

AMF3_DATA, AGGREGATE = 15, 22

HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
"""The beginning of an FLV stream with sound and picture."""

_TAG_HEADER = struct.Struct(">B3sHBBHB")
_TRAILER = 4
_WRAP = 0xFFFFFFFF

# What the server says on its own account. Flash reads it; a platform does not.
_OF_THE_SERVER = (b"\x02\x00\x11|RtmpSampleAccess", b"\x02\x00\x08onStatus")


def tags(message: ChunkMessage) -> list[bytes]:
    """Return the FLV tags that a message holds; none if the message is not part of the stream.

    Raises ProtocolError for an aggregate message that ends inside a tag.
    """
    kind, body = message.kind, message.body
    if kind == AGGREGATE:
        return _parts(message.timestamp, body)
    if kind == AMF3_DATA:
        kind, body = SCRIPT, body[1:]  # a body in AMF0 behind one more byte
    # nginx-rtmp with wait_video fills in for missing sound with messages without a body.
    if kind not in (AUDIO, VIDEO, SCRIPT) or not body or body.startswith(_OF_THE_SERVER):
        return []
    return [encode(kind, message.timestamp, body)]


def encode(kind: int, timestamp: int, body: bytes) -> bytes:
    """Return the bytes of one tag and of the length that follows it; `timestamp` is in ms, of 32 bits."""
    size = len(body)
    low, high = timestamp & 0xFFFFFF, timestamp >> 24
    head = _TAG_HEADER.pack(kind, size.to_bytes(3, "big"), low >> 8, low & 0xFF, high, 0, 0)
    return b"".join((head, body, (size + _TAG_HEADER.size).to_bytes(4, "big")))


def _parts(timestamp: int, body: bytes) -> list[bytes]:
    """Take an aggregate message apart. Its tags' timestamps count from that of its first tag [7.1.6]."""
    found = []
    position = 0
    shift: int | None = None
    while position < len(body):
        size = int.from_bytes(body[position + 1 : position + 4], "big")
        start = position + _TAG_HEADER.size
        end = start + size
        if end + _TRAILER > len(body):
            raise ProtocolError("an aggregate message of the server ends inside a tag")
        own = body[position + 7] << 24 | int.from_bytes(body[position + 4 : position + 7], "big")
        if shift is None:
            shift = timestamp - own
        if body[position] in (AUDIO, VIDEO, SCRIPT) and size:
            found.append(encode(body[position], (own + shift) & _WRAP, body[start:end]))
        position = end + _TRAILER
    return found
