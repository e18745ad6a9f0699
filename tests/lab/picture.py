"""Decoding a recording: the source of each frame, and the time at which each tone begins."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.lab import clapper
from tests.lab.deadline import PATIENCE
from tests.lab.scene import CUT, is_clap, source_of

SAMPLE_RATE = 48000
THUMBNAIL_SECONDS = 0.5
DECODE_SECONDS = 300.0  # a four-minute recording takes 10 to 30 s on two cores


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture: presentation time in ms, its source, and whether the clapper is white."""

    pts: int
    source: str
    clap: bool


@dataclass(frozen=True)
class Picture:
    """A decoded recording. tones: the ms at which each begins; thumbnails: JPEG files by their pts in ms."""

    frames: tuple[Frame, ...]
    tones: tuple[float, ...]
    errors: tuple[str, ...]
    thumbnails: dict[int, Path]


def decode(recording: Path, *, thumbnails: Path | None = None) -> Picture:
    """Decode an FLV file; two thumbnails a second are written to the directory `thumbnails`, if given.

    `errors` has the lines of ffmpeg's messages. A file that ffmpeg cannot decode, such as that of a
    connection that ended before its first keyframe, has no frames.
    """
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        is_decoded, errors = _run_ffmpeg(recording, directory, thumbnails)
        if not is_decoded:
            return Picture((), (), errors, {})
        frames = _frames(_times(directory / "video.times"), (directory / "video.raw").read_bytes())
        tones = clapper.onsets(
            _times(directory / "audio.times"), (directory / "audio.raw").read_bytes(), SAMPLE_RATE
        )
    pictures = sorted(thumbnails.glob("*.jpg")) if thumbnails else []
    return Picture(tuple(frames), tuple(tones), errors, {int(path.stem): path for path in pictures})


def glance(recording: bytes) -> str:
    """Return the source of the last picture in a short FLV file, "" if it has no picture to decode."""
    # With the lowest priority: observing must not disturb the broadcast.
    command = (
        "nice",
        "-n",
        "19",
        "ffmpeg",
        "-v",
        "quiet",
        "-f",
        "flv",
        "-i",
        "pipe:0",
        "-an",
        "-vf",
        CUT.filter,
    )
    done = subprocess.run(
        (*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
        input=recording,
        capture_output=True,
        check=False,
        timeout=10 * PATIENCE,
    )
    size = CUT.width * CUT.height * 3
    return source_of(done.stdout[-size:]) if len(done.stdout) >= size else ""


def _run_ffmpeg(recording: Path, directory: Path, thumbnails: Path | None) -> tuple[bool, tuple[str, ...]]:
    graph = f"[0:v]split=2[whole][thumb];[whole]{CUT.filter},split=2[pixels][times]"
    if thumbnails:
        every = f"isnan(prev_selected_t)+gte(t-prev_selected_t,{THUMBNAIL_SECONDS})"
        graph += f";[thumb]select='{every}',scale=320:180[small]"
    else:
        graph += ";[thumb]nullsink"
    mono = f"[0:a]aresample={SAMPLE_RATE},aformat=s16:channel_layouts=mono,asplit=2[sound][stamps]"
    # Milliseconds, as in the file: with the default, one tick a frame, two early frames get the same time.
    every_frame = ("-fps_mode", "passthrough", "-enc_time_base", "1/1000")
    # fmt: off
    command = [
        "ffmpeg", "-nostdin", "-v", "error", "-y", "-copyts", "-i", str(recording),
        "-filter_complex", f"{graph};{mono}",
        "-map", "[pixels]", *every_frame, "-f", "rawvideo", "-pix_fmt", "rgb24",
        str(directory / "video.raw"),
        "-map", "[times]", *every_frame, "-f", "framecrc", str(directory / "video.times"),
        "-map", "[sound]", "-f", "s16le", str(directory / "audio.raw"),
        "-map", "[stamps]", "-f", "framecrc", str(directory / "audio.times"),
    ]
    if thumbnails:
        command += ["-map", "[small]", *every_frame, "-frame_pts", "1", "-q:v", "5",
                    "-f", "image2", str(thumbnails / "%08d.jpg")]
    # fmt: on
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DECODE_SECONDS)
    return done.returncode == 0, tuple(done.stderr.splitlines())


def _times(listing: Path) -> list[tuple[float, int]]:
    """Read an ffmpeg framecrc file: (pts in ms, bytes) for each frame."""
    rows, unit = [], 0.0
    for line in listing.read_text().splitlines():
        if line.startswith("#tb"):
            numerator, denominator = line.split(":")[1].split("/")
            unit = 1000 * int(numerator) / int(denominator)
        elif not line.startswith("#"):
            fields = line.split(",")
            rows.append((int(fields[2]) * unit, int(fields[4])))
    return rows


def _frames(times: list[tuple[float, int]], pixels: bytes) -> list[Frame]:
    size = CUT.width * CUT.height * 3
    cuts = (pixels[at : at + size] for at in range(0, len(pixels), size))
    return [
        Frame(round(pts), source_of(cut), is_clap(cut)) for (pts, _), cut in zip(times, cuts, strict=True)
    ]
