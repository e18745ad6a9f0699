"""A publisher that encodes nothing: it copies a file that was encoded before, at its speed or another.

An ffmpeg that encodes sends in clumps of up to 80 ms, and each would count as a silence of the platforms.
A copied stream of 60 pictures a second pauses for 40 ms at most.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.container import SHARED, Container
from tests.lab.obs import Encoder


@dataclass(frozen=True)
class Clip:
    """A file inside the container that `encode` has made, played for ever. `speed` 1 is real time."""

    path: str
    mark: str
    speed: int = 1

    def arguments(self, url: str) -> tuple[str, ...]:
        """Return the ffmpeg command that publishes the file to a URL."""
        source = ("-readrate", str(self.speed), "-stream_loop", "-1", "-i", self.path)
        sink = ("-c", "copy", "-flush_packets", "1", "-f", "flv", url)
        return ("ffmpeg", "-hide_banner", "-nostats", "-loglevel", "info", *source, *sink)


def encode(container: Container, name: str, encoder: Encoder, seconds: int, speed: int = 1) -> Clip:
    """Encode a file of some seconds; CalledProcessError if ffmpeg fails."""
    argv = encoder.file_arguments(str(container.shared / name), seconds)
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Clip(f"{SHARED}/{name}", encoder.mark, speed)


def encode_noise(path: Path, *, bitrate: int, seconds: float) -> None:
    """Encode noise of 720p30 with sound at a constant bitrate in bit/s, for measurements of cost."""
    source = f"testsrc2=s=1280x720:r=30:d={seconds},noise=alls=40:allf=t"
    inputs = ("-f", "lavfi", "-i", source, "-f", "lavfi", "-i", f"sine=d={seconds}")
    rate = ("-b:v", str(bitrate), "-minrate", str(bitrate), "-maxrate", str(bitrate))
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "60", *rate)
    buffer = ("-bufsize", str(bitrate // 2), "-nal-hrd", "cbr", "-c:a", "aac", "-f", "flv")
    subprocess.run(("ffmpeg", "-v", "error", "-y", *inputs, *encode, *buffer, str(path)), check=True)
