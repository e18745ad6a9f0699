"""Silence as AAC frames (or MP3), in the shape of the sound: for a program whose source has no sound.

Pure. A platform may show nothing without sound, and a relay that begins without sound has none for its whole
connection. Source of the bits: ISO/IEC 14496-3, 1.6.2.1 (AudioSpecificConfig) and 4.4.2 (raw_data_block).
"""

from dataclasses import dataclass

from restream_agent.stream.bits import Bits
from restream_agent.stream.flv import AUDIO, Tag
from restream_agent.stream.mp3 import is_mp3_shape, mp3_shape, silent_frame

STEREO = Tag(AUDIO, 0, b"\xaf\x00\x11\x90")
"""The sequence header of 48 kHz stereo (AAC-LC), for a broadcast in which nothing has sound."""

MP3 = Tag(AUDIO, 0, b"\x2f\xff\xfb\x54\x00")
"""The shape (mp3.py) of 48 kHz stereo, for a broadcast in MP3 whose last shape a crash has taken."""

LONGEST = 10_000
"""Milliseconds of silence that are made at once. A longer gap keeps its beginning without sound."""

_LARGEST = 16
"""Bytes of a sequence header that are read; what silence depends on is in the first 10."""

_AAC = 10
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_SLOWEST, _FASTEST = _RATES[-1], _RATES[0]
_ESCAPE = 15
_LOW_COMPLEXITY = 2
_EXTENDED = (5, 29)  # HE-AAC, version 1 and 2: a low complexity core, and more that silence does not need
_SINGLE, _PAIR, _LOW_FREQUENCY = 0, 1, 3
_ELEMENTS: dict[int, tuple[int, ...]] = {
    1: (_SINGLE,),
    2: (_PAIR,),
    3: (_SINGLE, _PAIR),
    4: (_SINGLE, _PAIR, _SINGLE),
    5: (_SINGLE, _PAIR, _PAIR),
    6: (_SINGLE, _PAIR, _PAIR, _LOW_FREQUENCY),
    7: (_SINGLE, _PAIR, _PAIR, _PAIR, _LOW_FREQUENCY),
}
"""The elements of each channel configuration (table 1.19): mono, stereo, … 5.1, 7.1."""

_ICS_INFO = "0" + "00" + "0" + "000000" + "0"
"""One long window of which no band is sent: reserved, sequence, shape, max_sfb, predictor."""

_NO_TOOLS = "000"
"""No pulses, no temporal noise shaping, no gain control."""

_GAIN = "00000000"
_END = "111"


@dataclass(frozen=True)
class Silence:
    """Silent frames: the `header` that describes them, the `body` of each, and its `duration` in ms."""

    header: Tag
    body: bytes
    duration: float


class SilenceClock:
    """Gives silent frames their timestamps, so that they are as long as what they fill.

    A frame of 48 kHz has 21.33 ms. Timestamps are whole ms, and their errors do not add up.
    """

    _exact: float

    def __init__(self) -> None:
        self._exact = 0.0

    def stamps(self, duration: float, last: int, end: int) -> list[int]:
        """Return the timestamps of frames that follow the frame at `last` and end by `end`, in ms."""
        begun = self._exact if round(self._exact) == last else float(last)
        count = int((end - begun) / duration) - 1
        if count < 1:
            return []
        self._exact = begun + count * duration
        first = max(1, count - int(LONGEST / duration) + 1)
        return [round(begun + number * duration) for number in range(first, count + 1)]


def can_be_silent(sound: Tag) -> bool:
    """Whether there is silence in the codec of a frame of sound: AAC or MP3."""
    return sound.body[0] >> 4 == _AAC or mp3_shape(sound) is not None


def silence_like(header: Tag | None) -> Silence | None:
    """Return silence in the shape of a sequence header of AAC, or of MP3 (mp3.py); None for another shape."""
    if header is not None and is_mp3_shape(header):
        return Silence(header, *silent_frame(header))
    if header is None or len(header.body) < 4 or header.body[0] >> 4 != _AAC or header.body[1] != 0:
        return None
    try:
        return _silence(header, Bits(header.body[2:_LARGEST]))
    except IndexError:
        return None


def _silence(header: Tag, bits: Bits) -> Silence | None:
    """Return silence in the shape that an AudioSpecificConfig describes."""
    kind, rate, channels = bits.take(5), _rate(bits), bits.take(4)
    if kind in _EXTENDED:
        _rate(bits)
        kind = bits.take(5)
    if kind != _LOW_COMPLEXITY or not _SLOWEST <= rate <= _FASTEST or channels not in _ELEMENTS:
        return None
    samples = 960 if bits.take(1) else 1024
    return Silence(header, header.body[:1] + b"\x01" + _raw_frame(channels), samples * 1000 / rate)


def _rate(bits: Bits) -> int:
    """Take a sample rate; 0 if its index is reserved."""
    index = bits.take(4)
    if index == _ESCAPE:
        return bits.take(24)
    return _RATES[index] if index < len(_RATES) else 0


def _raw_frame(channels: int) -> bytes:
    """Return a frame of which every channel is silent."""
    bits, numbers = "", dict[int, int]()
    for element in _ELEMENTS[channels]:
        number = numbers[element] = numbers.get(element, -1) + 1
        bits += f"{element:03b}{number:04b}"
        if element == _PAIR:
            bits += "1" + _ICS_INFO + "00" + 2 * (_GAIN + _NO_TOOLS)
        else:
            bits += _GAIN + _ICS_INFO + _NO_TOOLS
    bits += _END
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


SILENCE = Silence(STEREO, b"\xaf\x01" + _raw_frame(2), 1024 * 1000 / 48000)
"""Silence for a broadcast in which nothing has had sound."""
