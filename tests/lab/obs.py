"""A stand-in for OBS: an ffmpeg in the container that publishes the picture of `scene.py` in real time."""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.lab import scene
from tests.lab.container import Container, end_group, signal_group
from tests.lab.deadline import PATIENCE, LabError

# x264's ultrafast preset leaves these out, which turns every profile into baseline.
PROFILE_TOOLS = {"baseline": "", "main": ":cabac=1", "high": ":cabac=1:8x8dct=1"}

# A real OBS has a computer of its own; here it must not stutter when other processes are busy.
OWN_MACHINE = ("nice", "-n", "-10")

_FFMPEG = ("ffmpeg", "-hide_banner", "-nostats", "-loglevel", "info")


@dataclass(frozen=True)
class Encoder:
    """The settings of an OBS: bitrate in bit/s, keyframe interval in seconds, mark from `scene.MARKS`.

    `sound` is ffmpeg's name of the sound's encoder.
    """

    width: int = 1280
    height: int = 720
    fps: int = 30
    profile: str = "high"
    bitrate: int = 2_500_000
    keyframe: int = 2
    b_frames: int = 0
    sample_rate: int = 48000
    channels: int = 2
    sound: str = "aac"
    mark: str = "live"

    def arguments(self, url: str) -> tuple[str, ...]:
        """Return the ffmpeg command that publishes to a URL."""
        return (*_FFMPEG, "-re", *self._encode(), "-flush_packets", "1", "-f", "flv", url)

    def file_arguments(self, path: str, seconds: int) -> tuple[str, ...]:
        """Return the ffmpeg command that writes so many seconds to an FLV file, as fast as it can."""
        return (*_FFMPEG, "-y", *self._encode(), "-t", str(seconds), "-f", "flv", path)

    def _encode(self) -> tuple[str, ...]:
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
            "-f", "lavfi", "-i", graph, "-map", "0:v", "-map", "0:a",
            "-c:v", "libx264", "-preset", "ultrafast", *latency, "-profile:v", self.profile,
            "-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-bf", str(self.b_frames), "-g", gop,
            "-x264-params", x264, "-c:a", self.sound, "-b:a", "128k",
        )
        # fmt: on


class Sender(Protocol):
    """What an OBS sends, and the command that sends it."""

    @property
    def mark(self) -> str:
        """The mark of the picture, from `scene.MARKS`."""

    def arguments(self, url: str) -> tuple[str, ...]:
        """Return the command that publishes to a URL."""


class Obs:
    """One OBS session. A reconnect is a new session."""

    def __init__(self, container: Container, url: str, encoder: Sender | None = None) -> None:
        self.url = url
        self.encoder = encoder or Encoder()
        self._container = container
        self._log = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Obs":
        """Start to connect and publish, without waiting."""
        self._log = self._container.shared / f"obs-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            command = (*OWN_MACHINE, *self.encoder.arguments(self.url))
            self._process = self._container.popen(command, stdin=subprocess.PIPE, stderr=log)
        return self

    def wait_published(self, timeout: float = 10) -> float:
        """Wait until the server has accepted the publish; return the monotonic time in seconds.

        Raises LabError with ffmpeg's log if the publish was refused or takes longer than `timeout`.
        """
        self._container.wait_until(
            lambda: self.is_published() or not self.alive(), timeout, f"OBS to publish\n{self.log()}"
        )
        if not self.is_published():
            raise LabError(f"the server refused OBS:\n{self.log()}")
        return time.monotonic()

    def is_published(self) -> bool:
        """Tell whether the publish was accepted: ffmpeg then describes its output in the log."""
        return "Output #0" in self.log()

    def stop(self) -> None:
        """Stop as OBS does on "stop streaming": unpublish, then close."""
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
        """Kill the process without an unpublish; the kernel closes the connection."""
        assert self._process is not None
        end_group(self._process)

    def freeze(self) -> None:
        """Stop sending but keep the connection, as with a dead uplink."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue after `freeze`; the backlog is delivered at once."""
        self._signal(signal.SIGCONT)

    def alive(self) -> bool:
        """Tell whether the process exists, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def pids(self) -> list[int]:
        """Return the host's process ids of the session: nsenter and its descendants."""
        assert self._process is not None
        return _descendants(self._process.pid)

    def log(self) -> str:
        """Return ffmpeg's log so far."""
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
