"""What decoder parameters say of a stream: its size, its profile, the rate and channels of its sound.

Pure. Parameters come from a publisher, so anything may be in them: what cannot be read is not known. Sources:
ISO/IEC 14496-15 (avcC, hvcC), ITU-T H.264 7.3.2.1 and H.265 7.3.2.2 (SPS), the AV1 specification 5.5,
ISO/IEC 14496-3 1.6.2.1 (AudioSpecificConfig), ISO/IEC 11172-3 2.4.1.3 (MP3), RFC 7845 5.1 (OpusHead).
"""

from dataclasses import dataclass

from restream_agent.stream.bits import Bits, unescaped
from restream_agent.stream.enhanced import codec
from restream_agent.stream.flv import AUDIO, Tag

_READ = 512
"""Bytes of a parameter set that are read. One of an encoder has less than 100."""

_LARGEST_PICTURE = 2**16
"""Pixels."""

_MOST_REFERENCES = 255
"""num_ref_frames_in_pic_order_cnt_cycle has at most this value."""

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_AAC_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}
_EXPLICIT_SBR = (5, 29)
_MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}

_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""The profiles of H.264 whose SPS names its chroma format."""


@dataclass(frozen=True)
class PictureShape:
    """The picture: codec, pixels, H.264's or HEVC's profile in ffmpeg's words, and whether white is 255.

    0 and "" stand for what is not known.
    """

    codec: str = ""
    width: int = 0
    height: int = 0
    profile: str = ""
    is_full_range: bool = False


@dataclass(frozen=True)
class SoundShape:
    """The sound: its codec, samples per second and channels; 0 for what is not known."""

    codec: str = ""
    sample_rate: int = 0
    channels: int = 0


def picture_shape(header: Tag) -> PictureShape:
    """Return what the sequence header of a video track says."""
    name = codec(header)
    reader = {"h264": _h264, "hevc": _hevc, "av1": _av1}.get(name)
    try:
        shape = PictureShape(name) if reader is None else reader(header.body[5 : 5 + 4 * _READ])
    except IndexError:
        return PictureShape(name)
    is_possible = min(shape.width, shape.height) > 0 and max(shape.width, shape.height) <= _LARGEST_PICTURE
    return shape if is_possible else PictureShape(name, profile=shape.profile)


def sound_shape(tag: Tag) -> SoundShape:
    """Return what an audio track's sequence header says, or a frame of MP3."""
    name = codec(tag)
    try:
        if name == "aac" and tag.is_sequence_header:
            return _aac(tag.body[2:])
        if name == "mp3":
            return _mp3(tag.body[1:5])
        if name == "opus" and tag.body[5:9] == b"Opus":
            return SoundShape(name, 48000, tag.body[14])
    except IndexError:
        pass
    return SoundShape(name)


def is_telling(tag: Tag) -> bool:
    """Whether a tag says something of its track's shape: a sequence header, or MP3, which has none."""
    return tag.is_sequence_header or (tag.kind == AUDIO and codec(tag) == "mp3")


def _h264(record: bytes) -> PictureShape:
    size = int.from_bytes(record[6:8], "big")
    bits = Bits(unescaped(record[9 : 8 + min(size, _READ)]))
    profile = bits.take(8)
    bits.skip(16)  # constraints, level
    bits.golomb()
    chroma, is_separate = 1, 0
    if profile in _WITH_CHROMA:
        chroma = bits.golomb()
        is_separate = bits.take(1) if chroma == 3 else 0
        bits.golomb()
        bits.golomb()
        bits.skip(1)
        if bits.take(1):
            _skip_scaling(bits, 12 if chroma == 3 else 8)
    bits.golomb()
    _skip_order(bits)
    bits.golomb()
    bits.skip(1)
    width = (bits.golomb() + 1) * 16
    rows = bits.golomb() + 1
    is_whole = bits.take(1)
    bits.skip(1 if is_whole else 2)
    height = rows * 16 * (2 - is_whole)
    left, right, top, bottom = (bits.golomb() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    # The chroma format decides in which steps a picture is cropped.
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1)
    if is_separate:
        across = down = 1
    width -= (left + right) * across
    height -= (top + bottom) * down * (2 - is_whole)
    return PictureShape("h264", width, height, _h264_profile(profile), _is_full_range(bits))


def _skip_scaling(bits: Bits, lists: int) -> None:
    for number in range(lists):
        if not bits.take(1):
            continue
        scale = 8
        for _ in range(16 if number < 6 else 64):
            scale = (scale + bits.signed_golomb()) % 256
            if scale == 0:
                break  # the rest of the list is like what is before it


def _skip_order(bits: Bits) -> None:
    """Skip the picture order count."""
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.skip(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), _MOST_REFERENCES)):
            bits.golomb()


def _is_full_range(bits: Bits) -> bool:
    """Read the beginning of the VUI, if there is one."""
    if not bits.take(1):
        return False
    if bits.take(1) and bits.take(8) == 255:
        bits.skip(32)
    if bits.take(1):
        bits.skip(1)
    return bool(bits.take(1) and bits.take(4) & 1)


def _h264_profile(number: int) -> str:
    return {66: "baseline", 77: "main", 88: "main"}.get(number, "high")


def _hevc(record: bytes) -> PictureShape:
    profile = {1: "main", 2: "main10"}.get(record[1] & 0x1F, "")
    bits = Bits(unescaped(_hevc_sps(record)[2:_READ]))
    bits.skip(4)
    layers = bits.take(3)
    bits.skip(1 + 96)  # nesting, then the general profile, tier and level
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    bits.skip(2 * (8 - layers) if layers else 0)
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)
    bits.golomb()
    chroma = bits.golomb()
    bits.skip(1 if chroma == 3 else 0)
    width, height = bits.golomb(), bits.golomb()
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        width -= (left + right) * (2 if chroma in (1, 2) else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1)
    return PictureShape("hevc", width, height, profile)


def _hevc_sps(record: bytes) -> bytes:
    """Return the first SPS of an hvcC record; IndexError if it has none."""
    position = 23
    for _ in range(record[22]):
        kind, count = record[position] & 0x3F, int.from_bytes(record[position + 1 : position + 3], "big")
        position += 3
        for _ in range(min(count, len(record))):
            size = int.from_bytes(record[position : position + 2], "big")
            if kind == 33:
                return record[position + 2 : position + 2 + size]
            position += 2 + size
    raise IndexError


def _av1(record: bytes) -> PictureShape:
    """Read av1C, which holds the sequence header as an OBU."""
    head, position = record[4], 5
    position += head >> 2 & 1
    if head >> 1 & 1:
        while record[position] & 0x80:
            position += 1
        position += 1
    bits = Bits(record[position : position + _READ])
    bits.skip(4)  # profile, still picture
    if bits.take(1):
        bits.skip(5)
    else:
        _skip_operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    return PictureShape("av1", bits.take(across) + 1, bits.take(down) + 1)


def _skip_operating_points(bits: Bits) -> None:
    """Skip what an AV1 sequence header has before its size."""
    delay = 0
    if bits.take(1):
        bits.skip(64)
        if bits.take(1):
            bits.golomb()
        if bits.take(1):
            delay = bits.take(5) + 1
            bits.skip(42)
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.skip(12)
        if bits.take(5) > 7:
            bits.skip(1)
        if delay and bits.take(1):
            bits.skip(2 * delay + 1)
        if has_display_delay and bits.take(1):
            bits.skip(4)


def _aac(config: bytes) -> SoundShape:
    bits = Bits(config[:16])
    kind = _aac_object(bits)
    rate = _aac_rate(bits)
    channels = _AAC_CHANNELS.get(bits.take(4), 0)
    if kind in _EXPLICIT_SBR:
        rate = _aac_rate(bits)
    return SoundShape("aac", rate, channels)


def _aac_object(bits: Bits) -> int:
    kind = bits.take(5)
    return 32 + bits.take(6) if kind == 31 else kind


def _aac_rate(bits: Bits) -> int:
    index = bits.take(4)
    return bits.take(24) if index == 15 else _AAC_RATES[index]


def _mp3(frame: bytes) -> SoundShape:
    bits = Bits(frame)
    if bits.take(11) != 0x7FF:
        return SoundShape("mp3")
    rates = _MP3_RATES.get(bits.take(2), ())
    bits.skip(7)  # layer, protection, bitrate
    rate = rates[bits.take(2)]
    bits.skip(2)
    return SoundShape("mp3", rate, 1 if bits.take(2) == 3 else 2)
