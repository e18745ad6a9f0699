"""What a measured tool is: something in a container that takes one stream and sends it to two platforms."""

import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.media.clip import Size
from benchmarks.media.sessions import Target
from tests.lab import units
from tests.lab.container import SHARED, Container
from tests.lab.platform import PlatformServer, is_listening

UNIT = "peer.service"
FALLBACK = SHARED / "fallback.flv"
START_SECONDS = 20.0


@dataclass(frozen=True)
class Stage:
    """Where a tool plays: its container, its platforms, the size, and a directory with what is installed."""

    container: Container
    platforms: tuple[PlatformServer, ...]
    size: Size
    cache: Path


class Tool(Protocol):
    """One tool. `name` is what tables say; `killed` says in words what `kill` kills, "" for nothing.

    `restarted` is the unit that an upgrade of it restarts. `needs_shared_key`: it has two
    connections to a platform at once.
    """

    name: str
    killed: str
    restarted: str
    application: str
    keys: tuple[str, ...]
    needs_shared_key: bool

    def start(self, stage: Stage) -> Target:
        """Install and start it in the stage's container; return where to publish."""
        ...

    def kill(self, stage: Stage) -> None:
        """Kill what carries the stream, with SIGKILL."""
        ...

    def units(self) -> tuple[str, ...]:
        """Return its units, whose processes are its memory."""
        ...


def urls(stage: Stage) -> list[str]:
    """Return the platforms' URLs with their keys."""
    return [f"{platform.url}/{platform.key}" for platform in stage.platforms]


def serve(container: Container, *argv: str, port: int, unit: str = UNIT) -> None:
    """Run a peer as a service that systemd starts again, and wait until it listens."""
    properties = (
        "-p",
        "Restart=always",
        "-p",
        "RestartSec=100ms",
        "-p",
        "StartLimitIntervalSec=0",
        "-p",
        "TimeoutStopSec=2s",
    )
    container.run(("systemd-run", "--quiet", f"--unit={unit}", *properties, *argv))
    container.wait_until(lambda: is_listening(container, port), START_SECONDS, f"{argv[0]} to listen")


def kill_processes(container: Container, names: Sequence[str], unit: str = UNIT) -> None:
    """Kill the processes of a unit that have one of these names."""
    for pid in units.pids(container, unit):
        cost = units.cost(pid)
        if cost is not None and cost.name in names:
            _kill(pid)


def copy_in(stage: Stage, name: str) -> Path:
    """Copy a file or directory of the cache into the container; return where it is inside."""
    source, target = stage.cache / name, stage.container.shared / name
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy(source, target)
    return SHARED / name


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself
