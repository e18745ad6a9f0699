"""The parameters of a stream that matter to a decoder, so that the fallback can match the live stream.

Pure. A decoder at a platform is set up once per connection, and chokes on other parameters later
(docs/design.md, "Measured facts").
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal, cast, get_args

from restream_agent.base.errors import RestreamError
from restream_agent.wire import records
from restream_agent.wire.settings import StreamProfile

H264Profile = Literal["high", "main", "baseline"]

_COMMON_RATES = tuple(
    Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)
_SNAP = Fraction(1, 200)
_FASTEST = 240
_PIXEL_FORMATS = ("yuv420p", "yuvj420p")
_SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_CHANNELS = (1, 2, 6, 8)


@dataclass(frozen=True)
class Profile:
    """Size in pixels, frames per second, sample format and sound of one stream.

    `pixel_format` is ffmpeg's name: yuv420p, or yuvj420p for full-range video. Raises
    RestreamError for values that H.264 4:2:0 or AAC cannot carry.
    """

    width: int
    height: int
    fps: Fraction
    pixel_format: str = "yuv420p"
    h264_profile: H264Profile = "high"
    sample_rate: int = 48000
    channels: int = 2

    def __post_init__(self) -> None:
        """Refuse what no encoder could make."""
        if min(self.width, self.height) < 32 or max(self.width, self.height) > 8192:
            raise RestreamError(f"a picture of {self.width}x{self.height} is outside 32x32 to 8192x8192")
        if self.width % 2 or self.height % 2:
            raise RestreamError(f"{self.width}x{self.height} is odd; 4:2:0 video needs even numbers")
        if not 1 <= self.fps <= _FASTEST:
            raise RestreamError(f"{self.fps} frames per second is outside 1 to {_FASTEST}")
        known = (
            (self.pixel_format, _PIXEL_FORMATS),
            (self.h264_profile, get_args(H264Profile)),
            (self.sample_rate, _SAMPLE_RATES),
            (self.channels, _CHANNELS),
        )
        for value, allowed in known:
            if value not in allowed:
                raise RestreamError(f"{value} is none of {', '.join(map(str, allowed))}")

    def label(self) -> str:
        """Return a short name fit for a file name, such as 1280x720p30-high-48000x2."""
        size = f"{self.width}x{self.height}p{float(self.fps):.5g}"
        return f"{size}-{self.h264_profile}-{self.sample_rate}x{self.channels}"

    def to_json(self) -> str:
        """Return one line of JSON; the rate is kept exact, as a fraction."""
        return json.dumps(records.as_table(self.as_record()), sort_keys=True)

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
    )


def from_ffprobe(answer: Mapping[str, Any]) -> Profile:
    """Read ffprobe's JSON answer to -show_streams.

    A stream without audio gets the default's audio. Values that the fallback cannot copy (HEVC, 10 bits,
    odd channel counts) become the nearest ones that it can. Raises RestreamError if there is no video.
    """
    streams = answer.get("streams", ())
    video = video_stream(streams)
    if video is None:
        raise RestreamError("the stream has no picture")
    audio = audio_stream(streams) or {}
    pixel_format = str(video.get("pix_fmt", ""))
    return Profile(
        width=int(video.get("width", 0)) // 2 * 2,
        height=int(video.get("height", 0)) // 2 * 2,
        fps=_frame_rate(video),
        pixel_format=pixel_format if pixel_format in _PIXEL_FORMATS else DEFAULT.pixel_format,
        h264_profile=_h264_profile(video),
        sample_rate=_one_of(_SAMPLE_RATES, audio.get("sample_rate"), DEFAULT.sample_rate),
        channels=_one_of(_CHANNELS, audio.get("channels"), DEFAULT.channels),
    )


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


def _frame_rate(video: Mapping[str, Any]) -> Fraction:
    """Return the frame rate; a usual rate if it is close, as FLV's whole milliseconds blur measured rates."""
    for key in ("avg_frame_rate", "r_frame_rate"):
        try:
            rate = Fraction(str(video.get(key, "0")))
        except (ValueError, ZeroDivisionError):
            continue
        if 1 <= rate <= _FASTEST:
            nearest = min(_COMMON_RATES, key=lambda common: abs(common - rate))
            return nearest if abs(nearest - rate) <= nearest * _SNAP else rate.limit_denominator(1001)
    return DEFAULT.fps


def _h264_profile(video: Mapping[str, Any]) -> H264Profile:
    """Return the H.264 profile; ffprobe calls it "High", "Main", "Constrained Baseline" and so on."""
    words = str(video.get("profile", "")).lower().split()
    name = next((name for name in get_args(H264Profile) if name in words), DEFAULT.h264_profile)
    return cast("H264Profile", name)


def _one_of(allowed: tuple[int, ...], value: object, default: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        return default
    return number if number in allowed else default
