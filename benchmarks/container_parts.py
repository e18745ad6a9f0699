"""What the sections on costs share: a broadcast in a container, and what its processes cost."""

import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.demo.install import PUBLISH_URL
from tests.lab import units
from tests.lab.container import ENVIRONMENT, SHARED, Container, end_group

PROJECT = Path(__file__).resolve().parents[1]
CLIP_SECONDS = 30
"""Of the clip that a publisher plays again and again."""
_TICKS = 100
"""Of /proc/PID/stat in a second."""


@dataclass(frozen=True)
class ProcessCost:
    """What one process took: a part of one core, and its memory in MB at the end."""

    name: str
    core: float
    pss_mb: float
    rss_mb: float

    def figures(self) -> dict[str, float]:
        """Return the figures for results.json."""
        return {
            "core_percent": round(self.core * 100, 3),
            "pss_mb": round(self.pss_mb, 1),
            "rss_mb": round(self.rss_mb, 1),
        }


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process, to the nanosecond, and of its ended children, to 10 ms."""
    process = Path(f"/proc/{pid}")
    own = sum(int((task / "schedstat").read_text().split()[0]) for task in (process / "task").iterdir())
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return own / 1e9 + sum(map(int, fields[13:15])) / _TICKS


def costs(pids: Mapping[str, Iterable[int]], seconds: float) -> dict[str, list[ProcessCost]]:
    """Measure processes for some seconds, by the name of their part; a process that has ended is left out."""
    before = {pid: processor_seconds(pid) for each in pids.values() for pid in each}
    began = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    found: dict[str, list[ProcessCost]] = {}
    for part, each in pids.items():
        for pid in each:
            cost = units.cost(pid)
            if cost is not None:
                core = (processor_seconds(pid) - before[pid]) / took
                memory = (cost.pss or cost.rss) / 1024, cost.rss / 1024
                found.setdefault(part, []).append(ProcessCost(cost.name, core, *memory))
    return found


@contextmanager
def publishing(container: Container, clip: Path) -> Iterator[None]:
    """Publish a clip of the shared directory, again and again, in real time."""
    source = ("-re", "-stream_loop", "-1", "-i", f"{SHARED}/{clip.name}")
    argv = ("ffmpeg", "-v", "error", *source, "-c", "copy", "-f", "flv", PUBLISH_URL)
    process = container.popen(("nice", "-n", "-10", *argv))
    try:
        yield
    finally:
        end_group(process)


@contextmanager
def in_network(container: Container, argv: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of this checkout in the network of a container; it is killed at the end."""
    enter = ("nsenter", "--target", str(container.leader), "--net")
    process = subprocess.Popen((*enter, *argv), cwd=PROJECT, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
