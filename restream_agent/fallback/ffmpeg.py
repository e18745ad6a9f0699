"""The ffmpeg commands that make the prepared fallback, as argv tuples.

Pure. The video of each input becomes an FLV file, the audio of all inputs another; seam.py joins them.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from restream_agent.fallback import seam
from restream_agent.fallback.profile import Profile

VERSION = 2
"""Part of the prepared file's name: raise it when the commands here, slate.py or seam.py change."""

STILL_SECONDS = 10
"""How long a still picture is shown before the loop begins again."""

OVERLAP = 4
"""Frames of sound that are encoded before the beginning and after the end, and left out later."""

_AUDIO_ENCODERS = {
    "aac": ("-c:a", "aac"),
    # Without a reservoir of bits each frame can be decoded after any other, as the loop needs it.
    "mp3": ("-c:a", "libmp3lame", "-reservoir", "0"),
}
_CHANNEL_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_BITS_PER_PIXEL = 0.07
_LOWEST_BITRATE, _HIGHEST_BITRATE = 400_000, 6_000_000
"""bit/s. 6 Mbit/s is Twitch's limit; few platforms accept less (config/presets.json)."""


@dataclass(frozen=True)
class InputVideo:
    """One file to play, as ffprobe describes it.

    `video` and `audio` are stream numbers; `audio` is None for a silent file. `has_alpha` says that pixels
    may be transparent. `seconds` is roughly the
    file's duration, `video_seconds` exactly its video's; both are None where the file does not say.
    """

    path: Path
    video: int
    audio: int | None
    seconds: float | None
    video_seconds: float | None
    is_still: bool
    has_alpha: bool = False


def url(path: Path) -> str:
    """Return a URL for a local file, which ffmpeg cannot mistake for an option, a protocol or a number."""
    return f"file:{path.absolute()}"


def video_bitrate(profile: Profile) -> int:
    """Return the highest bitrate of the fallback's video, in bit/s."""
    bitrate = profile.width * profile.height * float(profile.fps) * _BITS_PER_PIXEL
    return round(min(max(bitrate, _LOWEST_BITRATE), _HIGHEST_BITRATE))


def keyframe_frames(profile: Profile, keyframe: float) -> int:
    """Return the number of frames from one keyframe to the next, for `keyframe` seconds."""
    return max(1, round(keyframe * profile.fps))


def encode_video(
    source: InputVideo, profile: Profile, *, keyframe: float, spare: int, output: str
) -> tuple[str, ...]:
    """Return the command that encodes one input's video, followed by `spare` copies of its last frame."""
    return (
        *_common_arguments(),
        *local_input(source.path),
        "-filter_complex",
        f"[0:{source.video}]{_video_filter(source, profile, spare)}[out]",
        "-map", "[out]",
        *_encoder(profile, keyframe_frames(profile, keyframe)),
        "-flvflags", "no_duration_filesize", "-f", "flv", output,
    )  # fmt: skip


def encode_audio(
    sources: tuple[InputVideo, ...],
    frames: tuple[int, ...],
    layout: seam.LoopLayout,
    profile: Profile,
    *,
    output: str,
) -> tuple[str, ...]:
    """Return the command that encodes the audio of all inputs.

    Each input's audio is cut or padded to the length of its video, which has `frames` frames. A tiny video
    stream goes along: its first timestamp shows where the first audio sample is. OVERLAP frames come before
    and after, which seam.py leaves out.
    """
    inputs = [source for source in sources if source.audio is not None]
    parts, start = [], 0
    for number, source in enumerate(sources):
        until = seam.samples_until(sum(frames[: number + 1]), profile)
        stream = None if source.audio is None else f"{inputs.index(source)}:{source.audio}"
        parts.append(f"{_audio_filter(stream, until - start, profile)}[s{number}]")
        start = until
    marker = "color=black:size=32x32:rate=1:duration=1[mark]"
    return (
        *_common_arguments(),
        *(argument for source in inputs for argument in local_input(source.path)),
        "-filter_complex", ";".join((*parts, _joined_audio(len(sources), layout, profile), marker)),
        "-map", "[mark]", "-c:v", "flv1",
        "-map", "[out]", *_AUDIO_ENCODERS[profile.audio_codec], "-b:a", f"{_audio_bitrate(profile)}",
        "-ar", f"{profile.sample_rate}", "-ac", f"{profile.channels}",
        "-flvflags", "no_duration_filesize", "-f", "flv", output,
    )  # fmt: skip


def seconds_done(line: str) -> float | None:
    """Return the seconds of output so far, if this line of -progress holds them."""
    name, _, value = line.strip().partition("=")
    if name != "out_time_us":
        return None
    try:
        return max(0.0, int(value) / 1_000_000)
    except ValueError:  # "N/A" before the first frame
        return None


def _common_arguments() -> tuple[str, ...]:
    return ("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1", "-nostats", "-y")


def local_input(path: Path) -> tuple[str, ...]:
    """Return the arguments that open a local file, and only that: a playlist must not fetch anything."""
    return ("-protocol_whitelist", "file", "-i", url(path))


def _video_filter(source: InputVideo, profile: Profile, spare: int) -> str:
    size = f"{profile.width}:{profile.height}"
    is_full_range = profile.pixel_format == "yuvj420p"
    colours = f"out_color_matrix=bt709:out_range={'full' if is_full_range else 'limited'}"
    # Multiplied by its opacity, a picture lies on black, like the bars around it. Without this the colour of
    # transparent pixels is shown, which no image editor shows.
    opaque = "format=gbrap,premultiply=inplace=1,format=gbrp," if source.has_alpha else ""
    fitted = (
        f"{opaque}scale=w=iw*sar:h=ih,setsar=1,"
        f"scale={size}:force_original_aspect_ratio=decrease:force_divisible_by=2:{colours},"
        f"pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1,format={profile.pixel_format},"
        f"setparams=range={'pc' if is_full_range else 'tv'}"
        ":color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    )
    if source.is_still:
        copies = round(STILL_SECONDS * profile.fps) + spare - 1
        rate = Fraction(profile.fps)
        return (
            f"trim=end_frame=1,{fitted},loop=loop={copies}:size=1,"
            f"settb={1 / rate},setpts=N,fps={rate},trim=end_frame={copies + 1}"
        )
    return f"yadif=deint=interlaced,fps={profile.fps}:start_time=0,{fitted},tpad=stop={spare}:stop_mode=clone"


def _encoder(profile: Profile, group: int) -> tuple[str, ...]:
    """Encode as OBS does where a decoder notices: BT.709, closed groups; without B-frames, for low delay."""
    bitrate = str(video_bitrate(profile))
    limit = ("-maxrate", bitrate, "-bufsize", bitrate)
    x264 = ("-preset", "veryfast", "-profile:v", profile.h264_profile, "-crf", "21", *limit)
    codec = {
        "h264": (
            "-c:v", "libx264", *x264, "-bf", "0", "-keyint_min", f"{group}", "-sc_threshold", "0",
            "-flags", "+cgop",
        ),
        "hevc": (
            "-c:v", "libx265", "-preset", "ultrafast", "-crf", "24", *limit, "-x265-params",
            f"log-level=error:bframes=0:scenecut=0:open-gop=0:keyint={group}:min-keyint={group}:info=0",
        ),
        # SVT-AV1 takes a limit only with another rate control. Refresh type 2 is a closed group.
        "av1": ("-c:v", "libsvtav1", "-preset", "10", "-crf", "40", "-svtav1-params", "irefresh-type=2:lp=2"),
    }  # fmt: skip
    return (
        *codec[profile.video_codec], "-g", f"{group}",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-color_range", "pc" if profile.pixel_format == "yuvj420p" else "tv",
    )  # fmt: skip


def _audio_filter(stream: str | None, samples: int, profile: Profile) -> str:
    channel_layout = _CHANNEL_LAYOUTS[profile.channels]
    rate = profile.sample_rate
    if stream is None:
        return f"anullsrc=r={rate}:cl={channel_layout},aformat=fltp,atrim=end_sample={samples}"
    # async=1 with first_pts=0 fills gaps with silence and keeps late audio late; it stretches nothing.
    return (
        f"[{stream}]aresample={rate}:async=1:first_pts=0,aformat=fltp:{rate}:{channel_layout},"
        f"apad=whole_len={samples},atrim=end_sample={samples}"
    )


def _joined_audio(parts: int, layout: seam.LoopLayout, profile: Profile) -> str:
    """Join the parts to exactly the loop's length, and extend both ends so that the loop has no click.

    After the end, the audio goes on with its own beginning: an AAC frame overlaps with the next, which in a
    loop is the first. Before the beginning, the audio is mirrored: the encoder then sees no sudden start and
    chooses the same long windows as at the end. With both, a steady tone loops without a click (measured;
    without the mirror, the seam is off by most of the amplitude).
    """
    labels = "".join(f"[s{number}]" for number in range(parts))
    samples = seam.frame_samples(profile)
    total, overlap = layout.audio_frames * samples, OVERLAP * samples
    return (
        f"{labels}concat=n={parts}:v=0:a=1,apad=whole_len={total},atrim=end_sample={total},"
        "asplit=3[all][copy1][copy2];"
        f"[copy1]atrim=end_sample={overlap},areverse[before];"
        f"[copy2]atrim=end_sample={overlap}[after];"
        "[before][all][after]concat=n=3:v=0:a=1[out]"
    )


def _audio_bitrate(profile: Profile) -> int:
    return 96_000 if profile.channels == 1 else 80_000 * profile.channels
