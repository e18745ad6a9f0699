"""FLV as a stream: bytes to tags and back, and what a tag carries.

Pure. Imports nothing of this package, because the program must start in milliseconds.
Layout: Adobe's "Video File Format Specification" v10.1, annex E. Codecs other than H.264 and AAC: the
"Enhanced RTMP" specification (the top bit of the first video byte is set; audio format 9).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

AUDIO = 8
VIDEO = 9
SCRIPT = 18

HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
"""The file header of a stream with audio and video, and the zero length before the first tag."""

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes. A 4K keyframe at 80 Mb/s has less than 2 MB. A larger tag is not a picture."""

_LARGEST_METADATA = 16 * 1024
"""Bytes of an onMetaData tag that are read. Encoders send less than 1 KiB."""

_LARGEST_NUMBER = 2**32
"""A number of metadata beyond this is no size, rate, duration or codec, which may be four letters."""

_TAG_HEADER = 11
_TRAILER = 4
_SEQUENCE_HEADER_CODECS = (7, 12)  # H.264, and HEVC as carried before Enhanced RTMP
_AAC = 10
_ENHANCED_AUDIO = 9
_REORDERED = (b"hvc1", b"avc1")  # FourCCs whose coded frames carry a composition time
_ENHANCED_FRAMES = (1, 3)  # PacketTypeCodedFrames, PacketTypeCodedFramesX


class FlvError(ValueError):
    """The bytes are not FLV, or cannot belong to a live stream."""


@dataclass(slots=True, frozen=True)
class Tag:
    """One FLV tag: `kind` is AUDIO, VIDEO or SCRIPT, `timestamp` is in milliseconds."""

    kind: int
    timestamp: int
    body: bytes

    @property
    def is_sequence_header(self) -> bool:
        """Whether the tag is a sequence header: decoder parameters (SPS and PPS, AudioSpecificConfig)."""
        body = self.body
        if len(body) < 2:
            return False
        if self.kind == VIDEO:
            if body[0] & 0x80:
                return body[0] & 0x0F == 0
            return body[0] & 0x0F in _SEQUENCE_HEADER_CODECS and body[1] == 0
        if self.kind == AUDIO:
            if body[0] >> 4 == _ENHANCED_AUDIO:
                return body[0] & 0x0F == 0
            return body[0] >> 4 == _AAC and body[1] == 0
        return False

    @property
    def is_media(self) -> bool:
        """Whether the tag carries sound or a picture: no sequence header, metadata or end mark."""
        body = self.body
        if self.kind == SCRIPT or len(body) < 2 or self.is_sequence_header:
            return False
        if self.kind == VIDEO and body[0] & 0x80:
            return body[0] & 0x0F in _ENHANCED_FRAMES
        if self.kind == VIDEO and body[0] & 0x0F in _SEQUENCE_HEADER_CODECS:
            return body[1] == 1
        return True

    @property
    def is_keyframe(self) -> bool:
        """Whether the tag carries a picture that can be decoded without any other picture."""
        return self.kind == VIDEO and self.is_media and (self.body[0] >> 4) & 0x07 == 1

    @property
    def composition_time(self) -> int:
        """How much later than its timestamp a picture is shown, in ms; 0 for a tag without B-frames."""
        body = self.body
        if self.kind != VIDEO or len(body) < 5:
            return 0
        if not body[0] & 0x80 and body[0] & 0x0F in _SEQUENCE_HEADER_CODECS and body[1] == 1:
            return int.from_bytes(body[2:5], "big", signed=True)
        if body[0] & 0x8F == 0x81 and body[1:5] in _REORDERED and len(body) >= 8:
            return int.from_bytes(body[5:8], "big", signed=True)
        return 0


def encode(tag: Tag) -> bytes:
    """Return the bytes of a tag and of the length that follows it; timestamps wrap at 2**32 ms."""
    size = len(tag.body)
    stamp = tag.timestamp & 0xFFFFFFFF
    head = struct.pack(
        ">B3sHBBHB",
        tag.kind, size.to_bytes(3, "big"), stamp >> 8 & 0xFFFF, stamp & 0xFF, stamp >> 24, 0, 0,
    )  # fmt: skip
    return b"".join((head, tag.body, (size + _TAG_HEADER).to_bytes(4, "big")))


class Reader:
    """Turns the bytes of one connection or file into tags, wherever the bytes are split."""

    _buffer: bytearray
    _has_header: bool

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._has_header = False

    def feed(self, data: bytes) -> list[Tag]:
        """Take the next bytes and return the tags that are now complete.

        Raises FlvError at bytes that cannot belong to a live FLV stream; the reader is of no use after that.
        """
        self._buffer += data
        position = 0 if self._has_header else self._skip_header()
        tags: list[Tag] = []
        if not self._has_header:
            return tags
        while True:
            tag, following = self._tag_at(position)
            if tag is None:
                break
            tags.append(tag)
            position = following
        del self._buffer[:position]
        return tags

    def _skip_header(self) -> int:
        if not HEADER.startswith(bytes(self._buffer[:3])):
            raise FlvError("the stream does not begin with an FLV header")
        if len(self._buffer) < len(HEADER):
            return 0
        if self._buffer[5:13] != HEADER[5:13]:
            raise FlvError("the FLV header has an unknown length")
        self._has_header = True
        return len(HEADER)

    def _tag_at(self, position: int) -> tuple[Tag | None, int]:
        buffer = self._buffer
        if len(buffer) < position + _TAG_HEADER:
            return None, position
        kind = buffer[position]
        size = int.from_bytes(buffer[position + 1 : position + 4], "big")
        if kind not in (AUDIO, VIDEO, SCRIPT):
            raise FlvError(f"{kind} is not a kind of FLV tag")
        if size > LARGEST_BODY:
            raise FlvError(f"a tag of {size} bytes is larger than any picture")
        end = position + _TAG_HEADER + size
        if len(buffer) < end + _TRAILER:
            return None, position
        if int.from_bytes(buffer[end : end + _TRAILER], "big") != _TAG_HEADER + size:
            raise FlvError("the length after a tag is not the tag's length")
        low = int.from_bytes(buffer[position + 4 : position + 7], "big")
        body = bytes(buffer[position + _TAG_HEADER : end])
        return Tag(kind, buffer[position + 7] << 24 | low, body), end + _TRAILER


def metadata(tag: Tag) -> Mapping[str, float]:
    """Return the numbers of an onMetaData tag (width, height, framerate, …); none for any other tag.

    A number that is infinite, no number, or beyond _LARGEST_NUMBER is left out.
    Source: AMF 0 specification, numbers (type 0) inside an object (3) or ECMA array (8).
    """
    if tag.kind != SCRIPT or b"onMetaData" not in tag.body[:16]:
        return {}
    body, numbers = tag.body[:_LARGEST_METADATA], dict[str, float]()
    position = 13 + (5 if body[13:14] == b"\x08" else 1)
    while position + 2 < len(body):
        length = int.from_bytes(body[position : position + 2], "big")
        value = position + 2 + length
        name = body[position + 2 : value].decode("utf-8", "replace")
        kind = body[value : value + 1]
        if kind == b"\x00" and value + 9 <= len(body):
            (number,) = struct.unpack_from(">d", body, value + 1)
            if abs(number) <= _LARGEST_NUMBER:  # not so for NaN
                numbers[name] = number
            position = value + 9
        elif kind == b"\x01":
            position = value + 2
        elif kind == b"\x02":
            position = value + 3 + int.from_bytes(body[value + 1 : value + 3], "big")
        else:
            break
    return numbers
