"""An attack on the listener of an installed product, and its effect."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo.install import ETC, INGEST_KEY
from tests.lab.container import SHARED, Container

AGENT = "restream-agent.service"


@dataclass(frozen=True)
class Outcome:
    """The effect of an attack: resident memory in KiB, answer times of hooks in seconds by phase."""

    answers: Mapping[str, int]
    seconds: float
    idle_held: int
    hooks: Mapping[str, list[float]]
    publish: float
    memory_before: int
    memory_after: int
    is_same_process: bool
    state_before: str
    state_after: str
    complaints: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return the figures in words, one a line."""
        slowest = {phase: f"{1000 * max(taken):.0f} ms" for phase, taken in self.hooks.items()}
        growth = self.memory_after - self.memory_before
        return [
            f"{sum(self.answers.values())} requests in {self.seconds:.0f} s, answered {dict(self.answers)}",
            f"half-open requests that are still open at the end: {self.idle_held}",
            f"slowest real hook: {', '.join(f'{phase} {taken}' for phase, taken in slowest.items())}",
            f"the right key from the attacker's address: accepted after {1000 * self.publish:.0f} ms",
            f"memory after a warm-up: {self.memory_before} KiB, at the end: {growth:+d} KiB",
            f"same process: {self.is_same_process}; same state: {self.state_before == self.state_after}",
            *(f"journal: {line}" for line in self.complaints),
        ]


def attack(container: Container, *, count: int, idle: int, warm_up: int) -> Outcome:
    """Send `warm_up` requests, then `count`, with `idle` half-open requests both times, while off air.

    The first time shows what the listener needs for them, the second time whether it keeps any of it. A busy
    machine holds more requests at once, so `warm_up` is best as large as `count`.
    """
    shutil.copytree(Path(__file__).parent, container.shared / "attack", dirs_exist_ok=True)
    process, state = _process(container), _state(container)
    _hammer(container, warm_up, idle)
    container.run(("restream-agent", "off-air"))
    container.wait_until(lambda: state == _state(container), 30, "the state before the attack")
    memory = _memory(container)
    result = _hammer(container, count, idle)
    memory_after = _memory(container)
    container.run(("restream-agent", "off-air"))
    container.wait_until(
        lambda: state == _state(container), 30, f"the state before the attack\n{_state(container)}"
    )
    return Outcome(
        answers=result["answers"],
        seconds=result["seconds"],
        idle_held=result["idle held"],
        hooks=result["hooks"],
        publish=result["publish"],
        memory_before=memory,
        memory_after=memory_after,
        is_same_process=process == _process(container),
        state_before=state,
        state_after=_state(container),
        complaints=_complaints(container),
    )


def _hammer(container: Container, count: int, idle: int) -> dict[str, Any]:
    token = container.read(f"{ETC}/hook-token").strip()
    argv = ("env", f"PYTHONPATH={SHARED}", "/usr/bin/python3", "-m", "attack.hammer", str(count), str(idle))
    done = container.run(argv, input=f"{token}\n{INGEST_KEY}\n", timeout=900)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _process(container: Container) -> str:
    return container.run(("systemctl", "show", "-P", "MainPID,NRestarts", AGENT)).stdout


def _memory(container: Container) -> int:
    pid = container.run(("systemctl", "show", "-P", "MainPID", AGENT)).stdout.strip()
    status = container.read(f"/proc/{pid}/status")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def _state(container: Container) -> str:
    """Return everything that a hook could change: the state, the publisher, the active units."""
    status = json.loads(container.run(("restream-agent", "status", "--json")).stdout)
    argv = ("systemctl", "list-units", "--plain", "--no-legend", "--state=active", "live@*", "ffmpeg-relay@*")
    units = container.run(argv)
    return json.dumps({name: status[name] for name in ("state", "publisher", "hold_left")}) + units.stdout


def _complaints(container: Container) -> tuple[str, ...]:
    """Return lines of the agent's journal that no request may cause."""
    argv = ("journalctl", "--no-pager", "-o", "cat", "-u", AGENT)
    words = ("Traceback", "Error:", "Exception")
    return tuple(
        line for line in container.run(argv).stdout.splitlines() if any(word in line for word in words)
    )
