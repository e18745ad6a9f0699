"""The material: what the publisher sends, and the fallback of the tools that have none of their own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab import scene

SECONDS = 8
ENCODE_SECONDS = 300.0
NOISE = 25
SAMPLE_RATE = 48000


@dataclass(frozen=True)
class Size:
    """A picture's size and rates, as OBS sends them: bit/s of the picture, two seconds between keyframes."""

    name: str
    width: int
    height: int
    fps: int
    bitrate: int


SIZES = (
    Size("720p30", 1280, 720, 30, 2_500_000),
    Size("1080p60", 1920, 1080, 60, 6_000_000),
)


def live(size: Size, file: Path) -> Path:
    """Encode what the publisher sends: testsrc2 with its clock, noise, and the lab's marks."""
    graph = scene.lavfi(
        width=size.width, height=size.height, fps=str(size.fps), mark="live",
        sample_rate=SAMPLE_RATE, channels=2, noise=NOISE,
    )  # fmt: skip
    return _encode(size, ("-f", "lavfi", "-i", graph, "-map", "0:v", "-map", "0:a"), file)


def fallback(size: Size, file: Path) -> Path:
    """Encode a still slate without the lab's marks, as long and as large as the live stream."""
    picture = f"color=c=0x203040:size={size.width}x{size.height}:rate={size.fps}"
    sound = f"anullsrc=sample_rate={SAMPLE_RATE}:channel_layout=stereo"
    return _encode(size, ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound), file)


def _encode(size: Size, source: tuple[str, ...], file: Path) -> Path:
    gop, rate = str(size.fps * 2), str(size.bitrate)
    # fmt: off
    command = (
        "nice", "-n", "5", "ffmpeg", "-nostdin", "-v", "error", "-y", *source, "-t", str(SECONDS),
        "-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-profile:v", "high",
        "-pix_fmt", "yuv420p", "-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate, "-g", gop,
        "-x264-params", f"keyint={gop}:min-keyint={gop}:scenecut=0:nal-hrd=cbr",
        "-c:a", "aac", "-b:a", "128k", "-ar", str(SAMPLE_RATE), "-ac", "2", "-f", "flv", str(file),
    )
    # fmt: on
    subprocess.run(command, check=True, timeout=ENCODE_SECONDS)
    return file
