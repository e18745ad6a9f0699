"""MP3, which has no sequence header: its shape from a frame, and silence in that shape. Pure.

Source: ISO/IEC 11172-3 2.4.1 (frame header, side information) and 13818-3 (half sample rates).
"""

from restream_agent.stream.flv import AUDIO, Tag

_NUMBERS = (2, 14)
"""FLV's numbers for MP3; 14 is MP3 of 8 kHz. The rest of its first byte repeats rate and channels."""

_HEADER = 5
"""Bytes: FLV's first byte and the frame's header. No frame is so short."""

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_FULL_RATE = 3
_LAYER_3 = 1
_BITRATE = 64_000
_BITRATE_INDEX = {True: 5, False: 8}
"""The index of _BITRATE, at full rates and at half of them."""

_NO_CHECKSUM = 1


def mp3_shape(tag: Tag) -> Tag | None:
    """Return the shape of a frame: a tag with its header alone, equal for all frames of one shape.

    It stands for the sequence header that MP3 lacks, and is never sent. None for anything but MP3.
    """
    body = tag.body
    if tag.kind != AUDIO or len(body) < _HEADER or body[0] >> 4 not in _NUMBERS or body[1] != 0xFF:
        return None
    version, layer, rate = body[2] >> 3 & 3, body[2] >> 1 & 3, body[3] >> 2 & 3
    if body[2] & 0xE0 != 0xE0 or version not in _RATES or layer != _LAYER_3 or rate == 3:
        return None
    bitrate = _BITRATE_INDEX[version == _FULL_RATE]
    header = (0xFF, body[2] | _NO_CHECKSUM, bitrate << 4 | rate << 2, body[4] & 0xC0)
    return Tag(AUDIO, 0, bytes((body[0], *header)))


def is_mp3_shape(tag: Tag) -> bool:
    """Whether a tag is what `mp3_shape` returns."""
    return tag.kind == AUDIO and len(tag.body) == _HEADER and tag.body[0] >> 4 in _NUMBERS


def silent_frame(shape: Tag) -> tuple[bytes, float]:
    """Return a silent frame of a shape, as a tag's body, and its duration in ms.

    With zeros for side information a frame has no sound, and needs no frame before it.
    """
    version = shape.body[2] >> 3 & 3
    rate, is_full = _RATES[version][shape.body[3] >> 2 & 3], version == _FULL_RATE
    size = (144 if is_full else 72) * _BITRATE // rate
    return shape.body + bytes(size - _HEADER + 1), (1152 if is_full else 576) * 1000 / rate
