"""A scripted publisher in the container: starts `script_publisher.py` there and reads what it notes."""

import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tests.lab import amf, chunks, rtmp, script, script_publisher
from tests.lab.container import SHARED, Container, end_group
from tests.lab.deadline import LabError
from tests.lab.obs import OWN_MACHINE

PARTS = (amf, chunks, rtmp, script, script_publisher)
TREE = "publisher"  # below the shared directory: the modules that the process needs
ENDS = ("refused", "closed", "done")


@dataclass(frozen=True)
class PublisherEvent:
    """Something that a publisher noted: see `script_publisher.py`; seconds of the monotonic clock."""

    what: str
    at: float
    words: str


class ScriptedPublisher:
    """One publish of one script. Another publish is another object."""

    def __init__(
        self, container: Container, manners: script.Manners, steps: Sequence[script.ScriptStep]
    ) -> None:
        self.steps: tuple[script.ScriptStep, ...] = tuple(steps)
        self._container, self._manners = container, manners
        self._directory = container.shared / f"publisher-{time.monotonic_ns()}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "ScriptedPublisher":
        """Start to connect and publish, without waiting."""
        tree = self._container.shared / TREE
        copy_modules(tree, PARTS)
        self._directory.mkdir()
        (self._directory / "script").write_bytes(script.written(self._manners, self.steps))
        inside = SHARED / self._directory.name
        command = ("env", f"PYTHONPATH={SHARED / TREE}", "/usr/bin/python3", "-S", "-m")
        with (self._directory / "errors").open("wb") as errors:
            self._process = self._container.popen(
                (*OWN_MACHINE, *command, "tests.lab.script_publisher", f"{inside}/script", str(inside)),
                stderr=errors,
            )
        return self

    def events(self) -> list[PublisherEvent]:
        """Return what the publisher has noted so far; LabError if it has failed."""
        if errors := self._text("errors"):
            raise LabError(f"the scripted publisher failed:\n{errors}")
        lines = self._text("events").splitlines()
        return [PublisherEvent(**json.loads(line)) for line in lines if line.endswith("}")]

    def published(self) -> float | None:
        """Return when the server accepted the publish, None if it has not."""
        return next((event.at for event in self.events() if event.what == "published"), None)

    def end(self) -> PublisherEvent | None:
        """Return how the publisher ended, None while it has not."""
        return next((event for event in self.events() if event.what in ENDS), None)

    def wait_end(self, timeout: float) -> PublisherEvent:
        """Wait until the publisher has ended; `timeout` is in seconds, times PATIENCE."""
        ended = self._container.wait_until(self.end, timeout, "the scripted publisher to end")
        assert ended is not None
        return ended

    def sent(self) -> list[float]:
        """Return when each step was sent, in seconds of the monotonic clock."""
        path = self._directory / "sent"
        data = path.read_bytes() if path.exists() else b""
        return [int.from_bytes(data[at : at + 8]) / 1e9 for at in range(0, len(data) - 7, 8)]

    def forget(self) -> None:
        """Drop the steps, which are large, once they have been compared with what arrived."""
        self.steps = ()

    def kill(self) -> None:
        """Kill the process; the kernel closes its connection without an unpublish."""
        if self._process is not None:
            end_group(self._process)

    def is_running(self) -> bool:
        """Tell whether the process exists."""
        return self._process is not None and self._process.poll() is None

    def _text(self, name: str) -> str:
        path = self._directory / name
        return path.read_text() if path.exists() else ""


def copy_modules(tree: Path, parts: Sequence[ModuleType]) -> None:
    """Copy modules of this package to where a process finds them under the names that they have here."""
    package = tree / "tests" / "lab"
    if package.exists():
        return
    package.mkdir(parents=True)
    for directory in (package, package.parent):
        (directory / "__init__.py").touch()
    for part in parts:
        shutil.copy(str(part.__file__), package)
