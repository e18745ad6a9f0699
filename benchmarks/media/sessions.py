"""The publisher of one tool: it comes, leaves, freezes, and reconnects 2 s after a loss, as OBS does."""

import json
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.media import publisher
from tests.lab import amf, chunks, flv, marks, rtmp, script, script_publisher
from tests.lab.container import SHARED, Container, end_group, signal_group
from tests.lab.obs import OWN_MACHINE
from tests.lab.scripted import copy_modules

PARTS = (amf, chunks, flv, marks, rtmp, script, script_publisher)
RECONNECT_SECONDS = 2.0  # OBS's default
NUMBERS = 10**6  # of one session: more than a day's broadcast has
LEAVE_SECONDS = 5.0
TREE = "publisher"


@dataclass(frozen=True)
class Target:
    """Where to publish in the container: a port of loopback, application, and stream name with its query."""

    port: int
    application: str
    name: str


@dataclass
class Session:
    """One connection of a publisher; its packets have numbers from `first` on."""

    first: int
    directory: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def events(self) -> dict[str, float]:
        """Return when each event was noted, in seconds of the monotonic clock."""
        path = self.directory / "events"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return {one["what"]: one["at"] for one in found}

    def sent(self) -> dict[int, float]:
        """Return when each numbered packet was sent."""
        path = self.directory / "sent"
        data = path.read_bytes() if path.exists() else b""
        times = (int.from_bytes(data[at : at + 8]) / 1e9 for at in range(0, len(data) - 7, 8))
        return {self.first + number: at for number, at in enumerate(times)}


class Sessions:
    """All sessions of one tool's publisher. `tend` is called often: it reconnects what was thrown out."""

    def __init__(self, container: Container, target: Target, clip: Path) -> None:
        self.every: list[Session] = []
        self._container, self._target, self._clip = container, target, clip
        self._current: Session | None = None
        self._again: float | None = None
        self._is_frozen = False

    def come(self) -> None:
        """Start to publish in a new session, beside one that may still stand."""
        tree = self._container.shared / TREE
        copy_modules(tree, PARTS)
        script_file = tree / "publisher.py"
        if not script_file.exists():
            script_file.write_bytes(Path(publisher.__file__).read_bytes())
        number = len(self.every) + 1
        directory = self._container.shared / f"session-{number:04}"
        directory.mkdir()
        inside, target = SHARED / directory.name, self._target
        command = (
            *OWN_MACHINE, "env", f"PYTHONPATH={SHARED / TREE}", "/usr/bin/python3", "-S",
            f"{SHARED / TREE}/publisher.py", str(SHARED / self._clip.name), str(inside), str(target.port),
            target.application, target.name, str(number * NUMBERS),
        )  # fmt: skip
        with (directory / "errors").open("wb") as errors:
            process = self._container.popen(command, stderr=errors)
        self._current = Session(number * NUMBERS, directory, process)
        self._again, self._is_frozen = None, False
        self.every.append(self._current)

    def leave(self) -> None:
        """Unpublish and leave."""
        session, self._current, self._again = self._current, None, None
        if session is not None and session.process.poll() is None:
            signal_group(session.process, signal.SIGTERM)

    def freeze(self) -> Session | None:
        """Stop sending, the connection stands; return the session."""
        if self._current is not None:
            signal_group(self._current.process, signal.SIGSTOP)
            self._is_frozen = True
        return self._current

    def thaw(self) -> None:
        """Go on."""
        if self._current is not None:
            signal_group(self._current.process, signal.SIGCONT)
        self._is_frozen = False

    def tend(self) -> None:
        """Start a new session some time after the last one was refused or closed."""
        now = time.monotonic()
        if self._again is not None and now >= self._again:
            self.come()
        if self._current is not None and not self._is_frozen and self._current.process.poll() is not None:
            self._current, self._again = None, now + RECONNECT_SECONDS

    def end(self) -> None:
        """Kill every session."""
        self._current, self._again = None, None
        for session in self.every:
            kill(session)


def kill(session: Session | None) -> None:
    """Kill a session's process; the kernel closes its connection without an unpublish."""
    if session is not None:
        end_group(session.process)
