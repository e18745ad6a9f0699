"""The ffmpeg commands that make the prepared fallback, as argv tuples.

Pure. Each source's pictures become one FLV file, all sources' sound another; loop.py joins them.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from restream_agent.fallback import seam
from restream_agent.fallback.profile import Profile

VERSION = 1
"""Part of the prepared file's name: raise it when the commands here, slate.py or loop.py change."""

STILL_SECONDS = 10
"""How long a still picture is shown before the loop begins again."""

OVERLAP = 4
"""AAC frames encoded before the beginning and after the end of the sound, and not used."""

_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_BITS_PER_PIXEL = 0.07
_LOWEST_BITRATE, _HIGHEST_BITRATE = 400_000, 6_000_000
"""bit/s; 6 Mb/s is the most that every platform takes (platforms.md)."""


@dataclass(frozen=True)
class InputVideo:
    """One file to play, as ffprobe found it.

    `picture` and `sound` are stream numbers (`sound` is None for a silent file). `seconds` is about
    how long it lasts and `promised` exactly how long its pictures do, None where the file does not say.
    """

    path: Path
    picture: int
    sound: int | None
    seconds: float | None
    promised: float | None
    is_still: bool


def url(path: Path) -> str:
    """Name a local file so that ffmpeg cannot take it for an option, a protocol or a number."""
    return f"file:{path.absolute()}"


def video_bitrate(profile: Profile) -> int:
    """Return the bit/s that the fallback may use at most."""
    wanted = profile.width * profile.height * float(profile.fps) * _BITS_PER_PIXEL
    return round(min(max(wanted, _LOWEST_BITRATE), _HIGHEST_BITRATE))


def keyframe_frames(profile: Profile, keyframe: float) -> int:
    """Return the number of frames from one keyframe to the next, for `keyframe` seconds."""
    return max(1, round(keyframe * profile.fps))


def encode_pictures(
    source: InputVideo, profile: Profile, *, keyframe: float, spare: int, output: str
) -> tuple[str, ...]:
    """Encode one source's pictures, and `spare` copies of the last, as FLV without sound."""
    return (
        *_begin(),
        *local_input(source.path),
        "-filter_complex",
        f"[0:{source.picture}]{_picture_filter(source, profile, spare)}[out]",
        "-map", "[out]",
        *_h264(profile, keyframe_frames(profile, keyframe)),
        "-flvflags", "no_duration_filesize", "-f", "flv", output,
    )  # fmt: skip


def encode_sound(
    sources: tuple[InputVideo, ...],
    frames: tuple[int, ...],
    length: seam.LoopLayout,
    profile: Profile,
    *,
    output: str,
) -> tuple[str, ...]:
    """Encode the sound of all sources, each cut or padded to its number of pictures, as FLV.

    A tiny picture stream goes along: its first timestamp shows where the first sample lies. OVERLAP
    AAC frames come before and after, which loop.py leaves out.
    """
    inputs = [source for source in sources if source.sound is not None]
    parts, start = [], 0
    for number, source in enumerate(sources):
        until = seam.samples_until(sum(frames[: number + 1]), profile)
        where = None if source.sound is None else f"{inputs.index(source)}:{source.sound}"
        parts.append(f"{_sound_filter(where, until - start, profile)}[s{number}]")
        start = until
    marker = "color=black:size=32x32:rate=1:duration=1[mark]"
    return (
        *_begin(),
        *(argument for source in inputs for argument in local_input(source.path)),
        "-filter_complex", ";".join((*parts, _whole_sound(len(sources), length), marker)),
        "-map", "[mark]", "-c:v", "flv1",
        "-map", "[out]", "-c:a", "aac", "-b:a", f"{_sound_bitrate(profile)}",
        "-ar", f"{profile.sample_rate}", "-ac", f"{profile.channels}",
        "-flvflags", "no_duration_filesize", "-f", "flv", output,
    )  # fmt: skip


def seconds_done(line: str) -> float | None:
    """Return how far ffmpeg has got, in seconds of output, if this line of -progress says so."""
    name, _, value = line.strip().partition("=")
    if name != "out_time_us":
        return None
    try:
        return max(0.0, int(value) / 1_000_000)
    except ValueError:  # "N/A" before the first frame
        return None


def _begin() -> tuple[str, ...]:
    return ("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1", "-nostats", "-y")


def local_input(path: Path) -> tuple[str, ...]:
    """Return the arguments that open a local file and nothing else: a playlist must not fetch anything."""
    return ("-protocol_whitelist", "file", "-i", url(path))


def _picture_filter(source: InputVideo, profile: Profile, spare: int) -> str:
    size = f"{profile.width}:{profile.height}"
    is_full_range = profile.pixel_format == "yuvj420p"
    colours = f"out_color_matrix=bt709:out_range={'full' if is_full_range else 'limited'}"
    fitted = (
        "scale=w=iw*sar:h=ih,setsar=1,"
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


def _h264(profile: Profile, group: int) -> tuple[str, ...]:
    """OBS's own choices where the decoder sees them: BT.709, no open groups; no B-frames for low delay."""
    bitrate = video_bitrate(profile)
    return (
        "-c:v", "libx264", "-preset", "veryfast", "-profile:v", profile.h264_profile,
        "-crf", "21", "-maxrate", f"{bitrate}", "-bufsize", f"{bitrate}",
        "-bf", "0", "-g", f"{group}", "-keyint_min", f"{group}", "-sc_threshold", "0", "-flags", "+cgop",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-color_range", "pc" if profile.pixel_format == "yuvj420p" else "tv",
    )  # fmt: skip


def _sound_filter(where: str | None, samples: int, profile: Profile) -> str:
    layout = _LAYOUTS[profile.channels]
    rate = profile.sample_rate
    if where is None:
        return f"anullsrc=r={rate}:cl={layout},aformat=fltp,atrim=end_sample={samples}"
    # async=1 with first_pts=0 fills gaps with silence and keeps late sound late; it stretches nothing.
    return (
        f"[{where}]aresample={rate}:async=1:first_pts=0,aformat=fltp:{rate}:{layout},"
        f"apad=whole_len={samples},atrim=end_sample={samples}"
    )


def _whole_sound(parts: int, length: seam.LoopLayout) -> str:
    """Join the parts, of exactly the loop's length, with what lets the end flow into the beginning.

    After the end the sound goes on with its beginning, since an AAC frame overlaps with the next one,
    and that will be the loop's first. Before the beginning it is mirrored, so that the encoder sees no
    sudden start there and chooses the same long windows as at the end. With both, a steady tone loops
    without a click (measured; without the mirror the seam is off by most of the amplitude).
    """
    labels = "".join(f"[s{number}]" for number in range(parts))
    total, overlap = length.sound_frames * seam.AAC_FRAME, OVERLAP * seam.AAC_FRAME
    return (
        f"{labels}concat=n={parts}:v=0:a=1,apad=whole_len={total},atrim=end_sample={total},"
        "asplit=3[all][copy1][copy2];"
        f"[copy1]atrim=end_sample={overlap},areverse[before];"
        f"[copy2]atrim=end_sample={overlap}[after];"
        "[before][all][after]concat=n=3:v=0:a=1[out]"
    )


def _sound_bitrate(profile: Profile) -> int:
    return 96_000 if profile.channels == 1 else 80_000 * profile.channels
