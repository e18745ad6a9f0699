"""A stand-in for OBS: an ffmpeg inside the container that films `scene.py` and publishes it in real time."""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.lab import scene
from tests.lab.container import Container, end_group, signal_group
from tests.lab.deadline import PATIENCE, LabError

# x264's ultrafast leaves these out, and so makes baseline of any profile asked for.
PROFILE_TOOLS = {"baseline": "", "main": ":cabac=1", "high": ":cabac=1:8x8dct=1"}

# A real OBS has a computer of its own; here it must not stutter because something else is busy.
OWN_MACHINE = ("nice", "-n", "-10")


@dataclass(frozen=True)
class Encoder:
    """An OBS's settings; bitrate in bit/s, keyframe in seconds, mark one of `scene.MARKS`."""

    width: int = 1280
    height: int = 720
    fps: int = 30
    profile: str = "high"
    bitrate: int = 2_500_000
    keyframe: int = 2
    b_frames: int = 0
    sample_rate: int = 48000
    channels: int = 2
    mark: str = "live"

    def arguments(self, url: str) -> tuple[str, ...]:
        """Return the ffmpeg command that publishes to a URL."""
        graph = scene.lavfi(
            width=self.width,
            height=self.height,
            fps=str(self.fps),
            mark=self.mark,
            sample_rate=self.sample_rate,
            channels=self.channels,
        )
        latency = () if self.b_frames else ("-tune", "zerolatency")
        gop = str(self.fps * self.keyframe)
        x264 = f"keyint={gop}:min-keyint={gop}:scenecut=0{PROFILE_TOOLS[self.profile]}"
        rate = str(self.bitrate)
        # fmt: off
        return (
            "ffmpeg", "-hide_banner", "-nostats", "-loglevel", "info", "-re", "-f", "lavfi", "-i", graph,
            "-map", "0:v", "-map", "0:a",
            "-c:v", "libx264", "-preset", "ultrafast", *latency, "-profile:v", self.profile,
            "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-bf", str(self.b_frames), "-g", gop,
            "-x264-params", x264,
            "-c:a", "aac", "-b:a", "128k", "-flush_packets", "1", "-f", "flv", url,
        )
        # fmt: on


class Obs:
    """One OBS session: starts, and ends for good. A reconnect is a new one."""

    def __init__(self, container: Container, url: str, encoder: Encoder | None = None) -> None:
        self.url = url
        self.encoder = encoder or Encoder()
        self._container = container
        self._log = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Obs":
        """Begin to connect and publish; does not wait."""
        self._log = self._container.shared / f"obs-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            command = (*OWN_MACHINE, *self.encoder.arguments(self.url))
            self._process = self._container.popen(command, stdin=subprocess.PIPE, stderr=log)
        return self

    def wait_published(self, timeout: float = 10) -> float:
        """Wait until the server has accepted the publish and return when, in seconds of the monotonic clock.

        Raises LabError with ffmpeg's words if it was refused, or if it takes longer.
        """
        self._container.wait_until(
            lambda: self.is_published() or not self.alive(), timeout, f"OBS to publish\n{self.log()}"
        )
        if not self.is_published():
            raise LabError(f"OBS was not accepted:\n{self.log()}")
        return time.monotonic()

    def is_published(self) -> bool:
        """Tell whether the publish was accepted: ffmpeg describes its output once the connection stands."""
        return "Output #0" in self.log()

    def stop(self) -> None:
        """End as OBS does when "stop streaming" is pressed: unpublish, then close."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(b"q")
        self._process.stdin.close()
        try:
            self._process.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired:
            end_group(self._process)
            raise LabError("OBS did not stop within 10 s") from None

    def kill(self) -> None:
        """End at once, without a word to the server; the kernel closes the connection."""
        assert self._process is not None
        end_group(self._process)

    def freeze(self) -> None:
        """Stop sending while the connection stands, as a dead uplink does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`, with the backlog delivered at once."""
        self._signal(signal.SIGCONT)

    def alive(self) -> bool:
        """Tell whether the process is still there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def pids(self) -> list[int]:
        """Return the host's ids of its processes, the one that nsenter started and those below it."""
        assert self._process is not None
        return _descendants(self._process.pid)

    def log(self) -> str:
        """Return what ffmpeg has said so far."""
        return self._log.read_text(errors="replace") if self._log.is_file() else ""

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        signal_group(self._process, number)


def _descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(found for child in children for found in _descendants(int(child)))]
