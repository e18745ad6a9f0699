"""The shape of the prepared fallback: how long it is, and which tags it consists of.

Pure. The file is repeated for hours by adding its length to the timestamps, so the length must suit
the sound exactly: players count samples, and a length that is 1 ms off is 0.7 s off after an hour of
5 s loops. Pictures go by their timestamps and can bear a last one that is shown a little longer or
shorter. Hence the length is a whole number of AAC frames that is also a whole number of milliseconds,
FLV's unit, and what is left over goes to the last picture.
"""

import heapq
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from restream_agent.fallback.profile import Profile
from restream_agent.stream.flv import SCRIPT, VIDEO, Tag

AAC_FRAME = 1024
"""Samples in one frame of AAC-LC (ISO/IEC 14496-3)."""

_FREEZE = Fraction(1, 4)
"""Seconds. The longest time the last picture may be frozen to make the loop fit."""

_MAY_FREEZE = Fraction(1, 20)
"""A freeze is worth it where it makes the last picture's time more exact by this much of its length."""

_ROUNDING_WEIGHT = 200
"""How much worse time lost to rounding is, which adds up, than the last picture's, which does not."""


@dataclass(frozen=True)
class LoopLayout:
    """One length: `frames` pictures and `sound_frames` AAC frames in `milliseconds`.

    `leftover` is how much longer (in seconds, negative: shorter) the last picture is shown than the
    others; `rounding` is how far, in seconds per loop, the sound's length is from whole milliseconds.
    """

    frames: int
    sound_frames: int
    milliseconds: int
    leftover: Fraction
    rounding: Fraction


def spare_frames(fps: Fraction) -> int:
    """Return how many copies of the last picture `choose` may make use of."""
    return int(_FREEZE * fps)


def choose(frames: int, profile: Profile) -> LoopLayout:
    """Return the best loop for `frames` pictures: none is dropped, few or none are added."""
    lengths = range(frames, frames + spare_frames(profile.fps) + 1)
    loops = [loop for length in lengths for loop in _near(length, profile)]
    return min(loops, key=lambda loop: _flaw(loop, loop.frames - frames, profile))


def _near(frames: int, profile: Profile) -> Iterator[LoopLayout]:
    """Yield the loops of `frames` pictures whose last is shown for at least half as long as the others."""
    seconds = frames / profile.fps
    nearest = round(seconds * profile.sample_rate / AAC_FRAME)
    for sound_frames in range(max(1, nearest - 1), nearest + 2):
        exact = Fraction(sound_frames * AAC_FRAME, profile.sample_rate)
        leftover = exact - seconds
        if leftover * profile.fps * 2 >= -1:
            milliseconds = round(exact * 1000)
            yield LoopLayout(
                frames, sound_frames, milliseconds, leftover, exact - Fraction(milliseconds, 1000)
            )


def _flaw(loop: LoopLayout, added: int, profile: Profile) -> Fraction:
    frozen = added / profile.fps
    return abs(loop.leftover) + abs(loop.rounding) * _ROUNDING_WEIGHT + frozen * _MAY_FREEZE


def samples_until(frames: int, profile: Profile) -> int:
    """Return how many samples of sound belong to the first `frames` pictures."""
    return round(frames * profile.sample_rate / profile.fps)


def assemble(
    pictures: Iterable[Tag], sounds: Iterable[Tag], loop: LoopLayout, profile: Profile, *, priming: int
) -> Iterator[Tag]:
    """Yield the tags of the finished file: parameters first, then `loop` on exact timestamps from 0.

    `pictures` and `sounds` are an encoder's output; the first `priming` AAC frames lie before the
    beginning and are left out. Raises ValueError if either is too short or lacks its parameters,
    or if the pictures' parameters change on the way.
    """
    pictures, sounds = iter(pictures), iter(sounds)
    yield metadata(loop, profile)
    picture_header = _header(pictures)
    yield picture_header
    yield _header(sounds)
    yield from heapq.merge(
        _timed(pictures, 0, loop.frames, profile.fps, picture_header),
        _timed(sounds, priming, loop.sound_frames, Fraction(profile.sample_rate, AAC_FRAME), None),
        key=lambda tag: (tag.timestamp, tag.kind != VIDEO),
    )


def _header(tags: Iterator[Tag]) -> Tag:
    for tag in tags:
        if tag.is_sequence_header:
            return Tag(tag.kind, 0, tag.body)
    raise ValueError("the encoder wrote no decoder parameters")


def _timed(tags: Iterator[Tag], skip: int, count: int, rate: Fraction, header: Tag | None) -> Iterator[Tag]:
    """Yield `count` tags after the first `skip`, number n at n/rate seconds."""
    number = -skip
    for tag in tags:
        if header is not None and tag.is_sequence_header and tag.body != header.body:
            raise ValueError("the videos were encoded with different parameters")
        if not tag.is_media:
            continue
        if number >= 0:
            yield Tag(tag.kind, round(number * 1000 / rate), tag.body)
        number += 1
        if number == count:
            return
    raise ValueError(f"the encoder wrote {number} frames instead of {count}")


def metadata(loop: LoopLayout, profile: Profile) -> Tag:
    """Return the onMetaData tag; its `duration`, in seconds, is the length to repeat the file by."""
    numbers = {
        "duration": loop.milliseconds / 1000,
        "width": profile.width,
        "height": profile.height,
        "framerate": float(profile.fps),
        "videocodecid": 7,
        "audiocodecid": 10,
        "audiosamplerate": profile.sample_rate,
    }
    # AMF 0: a string (2), an ECMA array (8) of numbers (0), the end of it (9).
    fields = b"".join(_string(name) + b"\x00" + struct.pack(">d", value) for name, value in numbers.items())
    array = b"\x08" + struct.pack(">I", len(numbers)) + fields + b"\x00\x00\x09"
    return Tag(SCRIPT, 0, b"\x02" + _string("onMetaData") + array)


def _string(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")


def priming_frames(first_picture: int, profile: Profile) -> int:
    """Return how many AAC frames precede the first sample.

    `first_picture` is the timestamp, in ms, that the muxer gave to time 0 so that the encoder's
    priming samples (1024 in ffmpeg's own encoder) need no negative one.
    """
    return round(Fraction(first_picture * profile.sample_rate, 1000 * AAC_FRAME))
