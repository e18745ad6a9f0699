"""The processes of a unit in the container: process ids, memory, open files, as the host sees them."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.lab import cgroups
from tests.lab.container import Container
from tests.lab.deadline import LabError


@dataclass(frozen=True)
class Cost:
    """One process's resident and proportional set size in KiB, and its open file descriptors."""

    name: str
    rss: int
    pss: int | None
    descriptors: int


def pids(container: Container, unit: str) -> list[int]:
    """Return the host's process ids of a unit, the oldest first."""
    for parent in cgroups.hierarchies(cgroups.MOUNTS.read_text(), cgroups.MEMBERSHIP.read_text()):
        # os.walk skips groups that vanish meanwhile, as the group of a unit that is being restarted does.
        for directory, _, _ in os.walk(parent / container.name):
            if directory.endswith(f"/{unit}") and (found := _members(Path(directory))):
                return found
    return []


def signal_all(container: Container, unit: str, number: signal.Signals) -> None:
    """Send a signal to every process of a unit at once; LabError if it has none."""
    processes = pids(container, unit)
    if not processes:
        raise LabError(f"{unit} has no process")
    for pid in processes:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # it ended with the process before it


def cost(pid: int) -> Cost | None:
    """Measure one process; None if it has ended."""
    process = Path(f"/proc/{pid}")
    try:
        status = _fields(process / "status")
        descriptors = len(list((process / "fd").iterdir()))
        rollup = process / "smaps_rollup"
        pss = _fields(rollup).get("Pss") if rollup.exists() else None
        name = (process / "comm").read_text().strip()
    except OSError:
        return None
    return Cost(name, status.get("VmRSS", 0), pss, descriptors)


def _members(group: Path) -> list[int]:
    try:
        return sorted(map(int, (group / "cgroup.procs").read_text().split()))
    except OSError:
        return []  # as above; ENODEV if it was removed while it was open


def _fields(file: Path) -> dict[str, int]:
    """Read the lines that give a size in kB."""
    rows = (line.split() for line in file.read_text().splitlines())
    return {row[0].rstrip(":"): int(row[1]) for row in rows if row[2:] == ["kB"]}
