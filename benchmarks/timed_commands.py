"""Measures commands inside a container: their time, their processor time and their memory."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import command_timer
from benchmarks.summary import summary
from tests.lab.container import SHARED, Container

_LONGEST = 1800.0
"""Seconds for all commands of one call."""


@dataclass(frozen=True)
class TimedCommand:
    """A command, how often it is run, and the exit statuses that are right."""

    argv: tuple[str, ...]
    times: int = 1
    right: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class CommandTimes:
    """The runs of one command: ms, ms of the processor, and the largest resident memory in MB."""

    wall: tuple[float, ...]
    processor: tuple[float, ...]
    rss: tuple[float, ...]

    def figures(self) -> dict[str, object]:
        """Return the figures for results.json."""
        return {
            "wall_ms": summary(self.wall),
            "processor_ms": summary(self.processor),
            "rss_mb": round(max(self.rss), 1),
        }


def timed(container: Container, commands: Mapping[str, TimedCommand]) -> dict[str, CommandTimes]:
    """Run each command so many times, one after another; LabError if one ends otherwise than it should."""
    shutil.copy(str(command_timer.__file__), container.shared)
    asked: Sequence[object] = [
        (name, command.argv, command.times, command.right) for name, command in commands.items()
    ]
    script = ("/usr/bin/python3", "-I", str(SHARED / "command_timer.py"))
    done = container.run(script, input=json.dumps(asked), timeout=_LONGEST)
    found = {}
    for name, runs in json.loads(done.stdout).items():
        wall, processor, rss, _ = zip(*runs, strict=True)
        found[name] = CommandTimes(wall, processor, rss)
    return found
