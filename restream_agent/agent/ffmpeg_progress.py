"""ffmpeg's own reports once a second (`-progress`), and the rates that follow from them. Pure.

Source of the keys: print_report() of ffmpeg's fftools. `total_size` is the number of bytes written, header
included. `out_time_us` counts from the first packet of this run. In ffmpeg 5 it is the time of the stream
that is furthest, in ffmpeg 7 of the stream that is last, and it stands still once that stream has ended
(measured on both). Therefore progress means that the size grows. Times of arrival are seconds of the
monotonic clock.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from restream_agent.wire import records

WINDOW = 5.0
"""Seconds over which rates are taken."""

_GAP = 2.0
"""Seconds without a report after which the next report may be another ffmpeg's."""

_LARGEST = 4096
"""Bytes of a datagram."""

HEADERS = 4096
"""Bytes. File header, metadata and decoder parameters take less; everything beyond is media."""


@dataclass(frozen=True)
class Progress:
    """One report: bytes and pictures written, seconds of stream delivered, and ffmpeg's own averages.

    `bitrate` is in bit/s, `frame_rate` in pictures per second, `speed` in seconds of stream per second; None
    stands for a figure that ffmpeg does not know.
    """

    size: int
    frames: int
    position: float | None
    bitrate: float | None = None
    frame_rate: float | None = None
    speed: float | None = None


def read(data: bytes) -> Progress | None:
    """Read a datagram; None if it is not a report of ffmpeg's, or if nothing was written yet."""
    if len(data) > _LARGEST:
        return None
    lines = (line.partition("=") for line in data.decode("ascii", "replace").splitlines())
    values = {key.strip(): value.strip() for key, _, value in lines}
    try:
        size, frames = int(values["total_size"]), int(values.get("frame", "0"))
    except (KeyError, ValueError):
        return None
    if not (0 <= size <= records.LARGEST and 0 <= frames <= records.LARGEST):
        return None
    return Progress(
        size=size,
        frames=frames,
        position=_number(values, "out_time_us", "", 1e-6),
        bitrate=_number(values, "bitrate", "kbits/s", 1000),
        frame_rate=_number(values, "fps", "", 1),
        speed=_number(values, "speed", "x", 1),
    )


def _number(values: Mapping[str, str], key: str, unit: str, factor: float) -> float | None:
    """Return a number that ffmpeg writes with its unit, None for N/A and for anything else."""
    try:
        number = float(values.get(key, "").removesuffix(unit)) * factor
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class Rates:
    """bit/s, pictures per second, and seconds of stream per second; None while a rate is not known."""

    bitrate: float | None = None
    frame_rate: float | None = None
    speed: float | None = None


@dataclass
class ProgressHistory:
    """One relay's reports.

    `newest` arrived at `reported_at`. The size last grew at `advanced_at`, the position at `moved_at`, which
    need not follow the size.
    """

    newest: Progress
    reported_at: float
    advanced_at: float
    moved_at: float
    _samples: deque[tuple[float, Progress]] = field(default_factory=deque)

    @classmethod
    def begin(cls, first: Progress, now: float) -> "ProgressHistory":
        """Return a history that begins with a report."""
        return cls(first, now, now, now, deque([(now, first)]))

    def add(self, progress: Progress, now: float) -> None:
        """Take another report; a report that is behind the newest is the first of another ffmpeg."""
        if progress.size < self.newest.size or now - self.reported_at > _GAP:
            self._samples.clear()
        if progress.size < self.newest.size:
            self.advanced_at = self.moved_at = now
        if progress.size > self.newest.size:
            self.advanced_at = now
        if progress.position is not None and progress.position != self.newest.position:
            self.moved_at = now
        self.newest, self.reported_at = progress, now
        self._samples.append((now, progress))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()

    def rates(self, now: float) -> Rates:
        """Return the rates over the last WINDOW; after a single report, ffmpeg's own averages."""
        if now - self.reported_at > WINDOW:
            return Rates(0.0, 0.0, 0.0)
        (began, first), (ended, last) = self._samples[0], self._samples[-1]
        seconds = ended - began
        if seconds < 0.5:
            return Rates(last.bitrate, last.frame_rate, last.speed)
        is_placed = first.position is not None and last.position is not None
        return Rates(
            bitrate=(last.size - first.size) * 8 / seconds,
            frame_rate=(last.frames - first.frames) / seconds,
            speed=((last.position or 0) - (first.position or 0)) / seconds if is_placed else None,
        )
