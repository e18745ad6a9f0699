"""The parameters of a stream that matter to a decoder, so that the fallback can match the live stream.

Pure. A decoder at a platform is set up once per connection, and chokes on other parameters later
(docs/design.md, "Measured facts").
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, Literal, cast, get_args

from restream_agent.base.errors import RestreamError
from restream_agent.wire import records
from restream_agent.wire.settings import StreamProfile
from restream_agent.wire.status_report import LiveStatus

VideoCodec = Literal["h264", "hevc", "av1"]
AudioCodec = Literal["aac", "mp3"]
H264Profile = Literal["high", "main", "baseline"]

_COMMON_RATES = tuple(
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)
_SNAP = Fraction(1, 200)
_FASTEST = 240
_PIXEL_FORMATS = ("yuv420p", "yuvj420p")
_SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_CHANNELS = (1, 2, 6, 8)
_MP3_SAMPLE_RATES, _MP3_CHANNELS = (11025, 22050, 44100, 48000), (1, 2)

_SAME_RATE = 0.15
"""A frame rate that is not a usual one and differs from that of the last stream by less than this fraction is
taken for the same: a phone's rate wanders with the light."""


def _sound_choices(codec: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the sample rates and the numbers of channels that a sound of a codec may have."""
    return (_MP3_SAMPLE_RATES, _MP3_CHANNELS) if codec == "mp3" else (_SAMPLE_RATES, _CHANNELS)


@dataclass(frozen=True)
class Profile:
    """Codecs, size in pixels, frames per second, sample format and sound of one stream.

    `pixel_format` is ffmpeg's name: yuv420p, or yuvj420p for full-range video. `h264_profile` says nothing of
    other codecs. Raises RestreamError for values that 4:2:0 video, AAC or MP3 cannot carry.
    """

    width: int
    height: int
    fps: Fraction
    pixel_format: str = "yuv420p"
    h264_profile: H264Profile = "high"
    sample_rate: int = 48000
    channels: int = 2
    video_codec: VideoCodec = "h264"
    audio_codec: AudioCodec = "aac"

    def __post_init__(self) -> None:
        """Refuse what no encoder could make."""
        if min(self.width, self.height) < 32 or max(self.width, self.height) > 8192:
            raise RestreamError(f"a picture of {self.width}x{self.height} is outside 32x32 to 8192x8192")
        if self.width % 2 or self.height % 2:
            raise RestreamError(f"{self.width}x{self.height} is odd; 4:2:0 video needs even numbers")
        if not 1 <= self.fps <= _FASTEST:
            raise RestreamError(f"{self.fps} frames per second is outside 1 to {_FASTEST}")
        rates, channels = _sound_choices(self.audio_codec)
        known = (
            (self.pixel_format, _PIXEL_FORMATS),
            (self.h264_profile, get_args(H264Profile)),
            (self.video_codec, get_args(VideoCodec)),
            (self.audio_codec, get_args(AudioCodec)),
            (self.sample_rate, rates),
            (self.channels, channels),
        )
        for value, allowed in known:
            if value not in allowed:
                raise RestreamError(f"{value} is none of {', '.join(map(str, allowed))}")

    def label(self) -> str:
        """Return a short name fit for a file name, such as 1280x720p30-high-48000x2."""
        size = f"{self.width}x{self.height}p{float(self.fps):.5g}"
        picture = self.h264_profile if self.video_codec == "h264" else self.video_codec
        sound = "" if self.audio_codec == "aac" else f"{self.audio_codec}-"
        return f"{size}-{picture}-{sound}{self.sample_rate}x{self.channels}"

    def to_json(self) -> str:
        """Return one line of JSON; the rate is kept exact, as a fraction.

        The usual codecs are left out: the name of a prepared file depends on this text, and those of earlier
        versions are still good.
        """
        table = records.as_table(self.as_record())
        usual = {"video_codec": "h264", "audio_codec": "aac"}
        return json.dumps({key: table[key] for key in table if table[key] != usual.get(key)}, sort_keys=True)

    def as_record(self) -> StreamProfile:
        """Return the profile as files hold it; the rate is kept exact, as a fraction."""
        return StreamProfile(**{**asdict(self), "fps": str(self.fps)})


DEFAULT = Profile(width=1920, height=1080, fps=Fraction(30))
"""What the fallback is made for until a live stream has been seen; OBS offers it first."""


def from_json(text: str) -> Profile:
    """Read what `Profile.to_json` wrote. Raises RestreamError for anything else."""
    try:
        return from_record(records.parse(StreamProfile, text))
    except (ValueError, TypeError) as error:
        raise RestreamError(
            f"a stored stream profile cannot be read: {error}",
            hint="delete the file; it is written again at the next broadcast",
        ) from error


def from_record(record: StreamProfile) -> Profile:
    """Read what `Profile.as_record` made.

    Raises ValueError for a rate that is not a fraction, RestreamError for a profile that no encoder can make.
    """
    try:
        fps = Fraction(record.fps)
    except ZeroDivisionError as error:
        raise ValueError("fps: is divided by 0") from error
    return Profile(
        width=record.width,
        height=record.height,
        fps=fps,
        pixel_format=record.pixel_format,
        h264_profile=cast("H264Profile", record.h264_profile),
        sample_rate=record.sample_rate,
        channels=record.channels,
        video_codec=cast("VideoCodec", record.video_codec),
        audio_codec=cast("AudioCodec", record.audio_codec),
    )


def from_live(live: LiveStatus, previous: Profile) -> Profile:
    """Return the profile of the publisher's stream, as the program has reported it.

    `previous` is that of the stream before. A stream without sound keeps its sound, which the program fills
    in. Values that the fallback cannot copy (10 bits, odd channel counts) become the nearest ones that it
    can. Raises RestreamError for a codec in which no fallback is made, and for an impossible size.
    """
    video_codec = cast("VideoCodec", live.video_codec)
    profile = replace(
        previous,
        video_codec=video_codec,
        width=live.width // 2 * 2,
        height=live.height // 2 * 2,
        fps=DEFAULT.fps,
        pixel_format="yuvj420p" if live.full_range and video_codec == "h264" else DEFAULT.pixel_format,
        h264_profile=_h264_profile(live.profile if video_codec == "h264" else ""),
    )
    if live.audio_codec in get_args(AudioCodec) and live.sample_rate:
        rates, channels = _sound_choices(live.audio_codec)
        profile = replace(
            profile,
            audio_codec=cast("AudioCodec", live.audio_codec),
            sample_rate=live.sample_rate if live.sample_rate in rates else DEFAULT.sample_rate,
            channels=live.channels if live.channels in channels else DEFAULT.channels,
        )
    is_same = replace(previous, fps=profile.fps) == profile
    before = previous.fps if is_same else None
    return replace(profile, fps=_frame_rate(live.stated_rate, live.measured_rate, before))


def video_stream(streams: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the first video stream; the cover of a song does not count."""
    return next(
        (
            stream
            for stream in _decodable(streams, "video")
            if not stream.get("disposition", {}).get("attached_pic")
        ),
        None,
    )


def audio_stream(streams: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the audio stream that a player would choose: the one marked as default, or else the first."""
    candidates = _decodable(streams, "audio")
    marked = (stream for stream in candidates if stream.get("disposition", {}).get("default"))
    return next(marked, candidates[0] if candidates else None)


def _decodable(streams: Sequence[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    """Return the streams of a kind whose codec is known: ffprobe gives others no codec_name."""
    return [stream for stream in streams if stream.get("codec_type") == kind and stream.get("codec_name")]


def _frame_rate(stated: float, measured: float, before: Fraction | None) -> Fraction:
    """Return a frame rate; a usual one if it is close, as FLV's whole milliseconds blur measured rates.

    `before` is the rate of a stream that was the same in all else. A rate that is unknown, measured, or not a
    usual one, and near to `before`, is taken for that.
    """
    rate = next((each for each in (stated, measured) if 1 <= each <= _FASTEST), 0.0)
    if not rate:
        return before or DEFAULT.fps
    exact = Fraction(rate).limit_denominator(1000)
    nearest = min(_COMMON_RATES, key=lambda common: abs(common - exact))
    is_usual = abs(nearest - exact) <= nearest * _SNAP
    if before is not None and abs(exact - before) < before * _SAME_RATE and not (is_usual and stated == rate):
        return before
    return nearest if is_usual else Fraction(round(exact * 2), 2)


def _h264_profile(name: str) -> H264Profile:
    """Return an H.264 profile that the fallback can have."""
    return cast("H264Profile", name if name in get_args(H264Profile) else DEFAULT.h264_profile)
