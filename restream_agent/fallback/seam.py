"""The layout of the prepared fallback: its length and its tags, so that it loops without a seam.

Pure. The program repeats the file for hours and adds the file's length to the timestamps each time, so the
length must fit the audio exactly: players count samples, and a length that is 1 ms off is 0.7 s off after
an hour of 5 s loops. Video follows its timestamps, so its last frame may be shown a little longer or
shorter. Hence the length is a whole number of frames of sound that is as close as possible to whole
milliseconds, FLV's unit, and the last video frame takes up the difference.
"""

import heapq
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from restream_agent.fallback.profile import Profile
from restream_agent.stream.flv import SCRIPT, VIDEO, Tag

_AAC_FRAME = 1024
"""Samples in one frame of AAC-LC (ISO/IEC 14496-3)."""

_MP3_FRAME, _SLOW_MP3_FRAME, _SLOWEST_MP3 = 1152, 576, 32000
"""Samples in one frame of MP3, and in one of less than so many Hz (ISO/IEC 11172-3, 13818-3)."""

_VIDEO_IDS = {"h264": 7, "hevc": int.from_bytes(b"hvc1", "big"), "av1": int.from_bytes(b"av01", "big")}
_AUDIO_IDS = {"aac": 10, "mp3": 2}

_FREEZE = Fraction(1, 4)
"""Seconds. The longest time that the last video frame may be frozen to make the loop fit."""

_FREEZE_COST = Fraction(1, 20)
"""A freeze must make the last frame's duration more exact by at least this fraction of the freeze."""

_ROUNDING_WEIGHT = 200
"""How much worse a rounding error is, which adds up, than the last frame's error, which does not."""


@dataclass(frozen=True)
class LoopLayout:
    """One possible length: `frames` video frames and `audio_frames` frames of sound in `milliseconds`.

    `leftover` is how many seconds longer (negative: shorter) the last video frame is shown than the others.
    `rounding` is the difference, in seconds per loop, between the audio's length and whole milliseconds.
    """

    frames: int
    audio_frames: int
    milliseconds: int
    leftover: Fraction
    rounding: Fraction


def frame_samples(profile: Profile) -> int:
    """Return how many samples a frame of sound has."""
    if profile.audio_codec == "aac":
        return _AAC_FRAME
    return _MP3_FRAME if profile.sample_rate >= _SLOWEST_MP3 else _SLOW_MP3_FRAME


def spare_frames(fps: Fraction) -> int:
    """Return the most copies of the last video frame that `choose` may ask for."""
    return int(_FREEZE * fps)


def choose(frames: int, profile: Profile) -> LoopLayout:
    """Return the best layout for `frames` video frames: none is dropped, few or none are added."""
    lengths = range(frames, frames + spare_frames(profile.fps) + 1)
    layouts = [layout for length in lengths for layout in _layouts(length, profile)]
    return min(layouts, key=lambda layout: _cost(layout, layout.frames - frames, profile))


def _layouts(frames: int, profile: Profile) -> Iterator[LoopLayout]:
    """Yield the layouts whose last video frame is shown for at least half as long as the others."""
    seconds, samples = frames / profile.fps, frame_samples(profile)
    nearest = round(seconds * profile.sample_rate / samples)
    for audio_frames in range(max(1, nearest - 1), nearest + 2):
        exact = Fraction(audio_frames * samples, profile.sample_rate)
        leftover = exact - seconds
        if leftover * profile.fps * 2 >= -1:
            milliseconds = round(exact * 1000)
            yield LoopLayout(
                frames, audio_frames, milliseconds, leftover, exact - Fraction(milliseconds, 1000)
            )


def _cost(layout: LoopLayout, added: int, profile: Profile) -> Fraction:
    frozen = added / profile.fps
    return abs(layout.leftover) + abs(layout.rounding) * _ROUNDING_WEIGHT + frozen * _FREEZE_COST


def samples_until(frames: int, profile: Profile) -> int:
    """Return how many audio samples belong to the first `frames` video frames."""
    return round(frames * profile.sample_rate / profile.fps)


def assemble(
    video: Iterable[Tag], audio: Iterable[Tag], layout: LoopLayout, profile: Profile, *, priming: int
) -> Iterator[Tag]:
    """Yield the tags of the finished file: the decoder parameters, then all frames, timed from 0.

    `video` and `audio` are the encoder's output; the first `priming` frames of sound lie before the beginning
    and are left out. Raises ValueError if either is too short or lacks its parameters, or if the video's
    parameters change on the way.
    """
    video, audio = iter(video), iter(audio)
    sound_rate = Fraction(profile.sample_rate, frame_samples(profile))
    yield metadata(layout, profile)
    video_header = _header(video)
    yield video_header
    if profile.audio_codec == "aac":  # MP3 has no parameters
        yield _header(audio)
    yield from heapq.merge(
        _timed(video, 0, layout.frames, profile.fps, video_header),
        _timed(audio, priming, layout.audio_frames, sound_rate, None),
        key=lambda tag: (tag.timestamp, tag.kind != VIDEO),
    )


def _header(tags: Iterator[Tag]) -> Tag:
    for tag in tags:
        if tag.is_sequence_header:
            return Tag(tag.kind, 0, tag.body)
    raise ValueError("the encoder wrote no decoder parameters")


def _timed(tags: Iterator[Tag], skip: int, count: int, rate: Fraction, header: Tag | None) -> Iterator[Tag]:
    """Yield the `count` tags after the first `skip`; tag number n is at n/rate seconds."""
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


def metadata(layout: LoopLayout, profile: Profile) -> Tag:
    """Return the onMetaData tag; its `duration`, in seconds, is the length of the loop."""
    numbers = {
        "duration": layout.milliseconds / 1000,
        "width": profile.width,
        "height": profile.height,
        "framerate": float(profile.fps),
        "videocodecid": _VIDEO_IDS[profile.video_codec],
        "audiocodecid": _AUDIO_IDS[profile.audio_codec],
        "audiosamplerate": profile.sample_rate,
    }
    # AMF 0: a string (2), an ECMA array (8) of numbers (0), the end of it (9).
    fields = b"".join(_string(name) + b"\x00" + struct.pack(">d", value) for name, value in numbers.items())
    array = b"\x08" + struct.pack(">I", len(numbers)) + fields + b"\x00\x00\x09"
    return Tag(SCRIPT, 0, b"\x02" + _string("onMetaData") + array)


def _string(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")


def priming_frames(origin: int, profile: Profile) -> int:
    """Return how many frames of sound precede the first sample.

    `origin` is the timestamp, in ms, that the muxer gave to time 0, so that the encoder's priming samples
    (1024 in ffmpeg's own encoder) need no negative timestamp.
    """
    return round(Fraction(origin * profile.sample_rate, 1000 * frame_samples(profile)))
