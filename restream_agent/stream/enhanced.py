"""Enhanced RTMP: the codec of a tag, and the first track of each kind as plain tags.

Pure. ffmpeg before 8 reads no tags of several tracks, and takes a second track for damaged sound; ffmpeg
before 6.1 reads no enhanced tags at all. Hence H.264, AAC and MP3 leave this module as plain FLV, HEVC and
AV1 as enhanced FLV of one track.
Source: Veovera, "Enhanced RTMP (v2)": extended audio and video tag headers.
"""

from collections.abc import Iterator

from restream_agent.stream.flv import AUDIO, SCRIPT, VIDEO, Tag

VIDEO_CODECS = {
    b"avc1": "h264", b"hvc1": "hevc", b"av01": "av1", b"vp09": "vp9", b"vp08": "vp8", b"vvc1": "vvc",
}  # fmt: skip
AUDIO_CODECS = {
    b"mp4a": "aac", b".mp3": "mp3", b"Opus": "opus", b"fLaC": "flac", b"ac-3": "ac3", b"ec-3": "eac3",
}  # fmt: skip
_PLAIN_VIDEO = {2: "h263", 3: "screen video", 4: "vp6", 5: "vp6", 6: "screen video", 7: "h264", 12: "hevc"}
_PLAIN_AUDIO = {
    0: "pcm", 1: "adpcm", 2: "mp3", 3: "pcm", 4: "nellymoser", 5: "nellymoser", 6: "nellymoser",
    7: "g711", 8: "g711", 10: "aac", 11: "speex", 14: "mp3",
}  # fmt: skip

_SEQUENCE_START, _CODED_FRAMES, _CODED_FRAMES_X = 0, 1, 3
_MODIFIER = 7  # ModEx, which audio and video share
_MULTITRACK = {VIDEO: 6, AUDIO: 5}
_ONE_TRACK, _MANY_CODECS = 0, 2

_COMMAND = 5
"""The frame type of a command to the player, which carries no picture."""

_ENHANCED_AUDIO = 9
_PLAIN_H264, _PLAIN_HEVC = 7, 12
_PLAIN_AAC, _PLAIN_MP3 = b"\xaf", b"\x2f"

_MOST_NAMED = 16
"""How many other tracks are named. OBS sends at most six of each kind."""

_MOST_TRACKS, _MOST_MODIFIERS = 256, 16
"""Of one tag. A track's number is one byte; one modifier is known."""


def codec(tag: Tag) -> str:
    """Return the name of a plain or enhanced tag's codec; "" for a tag without sound and picture."""
    body = tag.body
    if tag.kind == SCRIPT or not body:
        return ""
    is_video = tag.kind == VIDEO
    if (body[0] & 0x80) if is_video else body[0] >> 4 == _ENHANCED_AUDIO:
        return _fourcc_name(tag.kind, body[1:5])
    number = body[0] & 0x0F if is_video else body[0] >> 4
    return (_PLAIN_VIDEO if is_video else _PLAIN_AUDIO).get(number, f"codec {number}")


class FirstTracks:
    """Takes the tags of one connection; the first track of each kind goes on as plain tags.

    `others` has the names of the other tracks that have come, such as "sound track 2 (aac)".
    """

    others: tuple[str, ...]

    def __init__(self) -> None:
        self.others = ()

    def take(self, tag: Tag) -> tuple[Tag, ...]:
        """Return what a tag has of the first track; nothing for a tag that is damaged or a command."""
        if not _is_wrapped(tag):
            return (tag,)
        kept = []
        try:
            for number, plain in _tracks(tag):
                if number == 0:
                    kept.append(plain)
                else:
                    self._note(plain, number)
        except IndexError:  # the tag ends too early
            return ()
        return tuple(kept)

    def _note(self, tag: Tag, number: int) -> None:
        name = f"{'picture' if tag.kind == VIDEO else 'sound'} track {number + 1} ({codec(tag)})"
        if name not in self.others and len(self.others) < _MOST_NAMED:
            self.others = (*self.others, name)


def _is_wrapped(tag: Tag) -> bool:
    """Whether a tag is not in the form in which it goes on."""
    body = tag.body
    if not body or tag.kind == SCRIPT:
        return False
    if tag.kind == VIDEO:
        return bool(body[0] & 0x80) or body[0] & 0x0F == _PLAIN_HEVC
    return body[0] >> 4 == _ENHANCED_AUDIO


def _tracks(tag: Tag) -> Iterator[tuple[int, Tag]]:
    """Yield the number and the plain tag of each track; IndexError for a tag that ends too early."""
    body = tag.body
    if tag.kind == VIDEO and not body[0] & 0x80:
        yield from _numbered(0, _as_enhanced_hevc(tag))
        return
    packet, position = _unmodified(body)
    if tag.kind == VIDEO and body[0] >> 4 & 0x07 == _COMMAND:
        return
    if packet != _MULTITRACK[tag.kind]:
        fourcc = _piece(body, position, 4)
        yield from _numbered(0, _plain(tag, packet, fourcc, body[position + 4 :]))
        return
    layout, packet = body[position] >> 4, body[position] & 0x0F
    position += 1
    shared = b"" if layout == _MANY_CODECS else _piece(body, position, 4)
    position += len(shared)
    for _ in range(_MOST_TRACKS):
        if position >= len(body):
            return
        fourcc = shared or _piece(body, position, 4)
        position += 4 - len(shared)
        number, position = body[position], position + 1
        size = len(body) - position
        if layout != _ONE_TRACK:
            size = int.from_bytes(_piece(body, position, 3), "big")
            position += 3
        yield from _numbered(number, _plain(tag, packet, fourcc, _piece(body, position, size)))
        position += size


def _unmodified(body: bytes) -> tuple[int, int]:
    """Return the packet type after all modifiers, and the position after it.

    The only modifier that exists is a part of a millisecond, which FLV cannot hold.
    """
    packet, position = body[0] & 0x0F, 1
    for _ in range(_MOST_MODIFIERS):
        if packet != _MODIFIER:
            break
        size, position = body[position] + 1, position + 1
        if size == 256:
            size, position = int.from_bytes(_piece(body, position, 2), "big") + 1, position + 2
        position += size
        packet, position = body[position] & 0x0F, position + 1
    return packet, position


def _plain(tag: Tag, packet: int, fourcc: bytes, data: bytes) -> Tag | None:
    """Return a packet of one track in the form in which it goes on; None if it has no place there."""
    is_known = packet in (_SEQUENCE_START, _CODED_FRAMES, *((_CODED_FRAMES_X,) if tag.kind == VIDEO else ()))
    if not is_known:
        return None
    if tag.kind == VIDEO:
        frame = tag.body[0] & 0x70
        if fourcc != b"avc1":
            return Tag(VIDEO, tag.timestamp, bytes([0x80 | frame | packet]) + fourcc + data)
        composition_time = b"" if packet == _CODED_FRAMES else bytes(3)
        head = bytes([frame | _PLAIN_H264, packet != _SEQUENCE_START]) + composition_time
        return Tag(VIDEO, tag.timestamp, head + data)
    if fourcc == b"mp4a":
        return Tag(AUDIO, tag.timestamp, _PLAIN_AAC + bytes([packet]) + data)
    if fourcc == b".mp3":
        return Tag(AUDIO, tag.timestamp, _PLAIN_MP3 + data) if packet == _CODED_FRAMES else None
    return Tag(AUDIO, tag.timestamp, bytes([_ENHANCED_AUDIO << 4 | packet]) + fourcc + data)


def _as_enhanced_hevc(tag: Tag) -> Tag | None:
    """Return a tag of HEVC as it was sent before Enhanced RTMP: packet type, composition time, data."""
    frame, packet = tag.body[0] & 0x70, tag.body[1]
    if packet not in (_SEQUENCE_START, _CODED_FRAMES):
        return None
    data = tag.body[5 if packet == _SEQUENCE_START else 2 :]
    return Tag(VIDEO, tag.timestamp, bytes([0x80 | frame | packet]) + b"hvc1" + data)


def _numbered(number: int, tag: Tag | None) -> Iterator[tuple[int, Tag]]:
    if tag is not None:
        yield number, tag


def _piece(body: bytes, position: int, size: int) -> bytes:
    """Return so many bytes; IndexError if there are fewer."""
    piece = body[position : position + size]
    if len(piece) < size:
        raise IndexError
    return piece


def _fourcc_name(kind: int, fourcc: bytes) -> str:
    """Return the name of a FourCC; an unknown one is shown as far as it is printable."""
    known = (VIDEO_CODECS if kind == VIDEO else AUDIO_CODECS).get(fourcc)
    return known or "".join(chr(byte) if 0x20 < byte < 0x7F else "?" for byte in fourcc) or "?"
