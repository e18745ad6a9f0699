"""What ffmpeg says of its work once a second (`-progress`), and the rates that follow from it. Pure.

Source of the keys: print_report() of ffmpeg's fftools. `out_time_us` counts from the first packet of
this run, and is what was handed to the platform's connection. Times of arrival are seconds of the
monotonic clock.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

WINDOW = 5.0
"""Seconds over which rates are taken."""

_LARGEST = 4096


@dataclass(frozen=True)
class Progress:
    """One report: bytes and pictures written, seconds of stream delivered, and ffmpeg's own averages."""

    size: int
    frames: int
    position: float
    bitrate: float | None = None
    speed: float | None = None


def read(data: bytes) -> Progress | None:
    """Read a datagram of ffmpeg's; None if it is none, or if nothing was written yet."""
    if len(data) > _LARGEST:
        return None
    lines = (line.partition("=") for line in data.decode("ascii", "replace").splitlines())
    values = {key.strip(): value.strip() for key, _, value in lines}
    try:
        return Progress(
            size=int(values["total_size"]),
            frames=int(values.get("frame", "0")),
            position=int(values["out_time_us"]) / 1e6,
            bitrate=_number(values, "bitrate", "kbits/s", 1000),
            speed=_number(values, "speed", "x", 1),
        )
    except (KeyError, ValueError):
        return None


def _number(values: Mapping[str, str], key: str, unit: str, factor: float) -> float | None:
    """Return a number that ffmpeg writes with its unit, None where it writes N/A."""
    try:
        return float(values.get(key, "").removesuffix(unit)) * factor
    except ValueError:
        return None


@dataclass(frozen=True)
class Rates:
    """bit/s, pictures per second, and seconds delivered per second; None where it cannot be told yet."""

    bitrate: float | None = None
    frame_rate: float | None = None
    speed: float | None = None


@dataclass
class Delivery:
    """One relay's reports: the newest, when it came, and when what was delivered last grew."""

    newest: Progress
    reported_at: float
    advanced_at: float
    _samples: deque[tuple[float, Progress]] = field(default_factory=deque)

    @classmethod
    def begin(cls, first: Progress, now: float) -> "Delivery":
        """Begin with a first report."""
        return cls(first, now, now, deque([(now, first)]))

    def add(self, progress: Progress, now: float) -> None:
        """Take another report; one that is behind the last is the first of another ffmpeg."""
        if progress.size < self.newest.size or progress.position < self.newest.position - 1:
            self._samples.clear()
        elif progress.position > self.newest.position and progress.size > self.newest.size:
            self.advanced_at = now
        if not self._samples:
            self.advanced_at = now
        self.newest, self.reported_at = progress, now
        self._samples.append((now, progress))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()

    def rates(self, now: float) -> Rates:
        """Return the rates of the last seconds; from the first report alone, ffmpeg's own averages."""
        if now - self.reported_at > WINDOW:
            return Rates(0.0, 0.0, 0.0)
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        seconds = ended - began
        if seconds < 0.5:
            return Rates(bitrate=last.bitrate, speed=last.speed)
        return Rates(
            bitrate=(last.size - first.size) * 8 / seconds,
            frame_rate=(last.frames - first.frames) / seconds,
            speed=(last.position - first.position) / seconds,
        )
