"""A command in a terminal of its own inside the container: script(1) of util-linux makes the terminal."""

import shlex
import subprocess
from itertools import count
from types import TracebackType
from typing import IO

from tests.lab.container import Container, end_group

_numbers = count(1)


class LabTerminal:
    """Context manager around one command. At its end the terminal is gone, which is a SIGHUP for it."""

    def __init__(self, container: Container, *argv: str) -> None:
        self._container = container
        self._place = container.shared / f"terminal-{next(_numbers)}.log"
        self._log: IO[bytes] = self._place.open("wb")
        command = ("script", "--quiet", "--flush", "--return", "--command", shlex.join(argv), "/dev/null")
        self._script = container.popen(command, stdin=subprocess.PIPE, stdout=self._log)

    def __enter__(self) -> "LabTerminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lose()
        self._log.close()

    @property
    def shown(self) -> str:
        """Everything that the terminal has shown."""
        return self._place.read_text(errors="replace")

    def wait_for(self, words: str, timeout: float = 60.0) -> None:
        """Wait until the terminal has shown words."""
        self._container.wait_until(lambda: words in self.shown, timeout, f"the terminal to show {words!r}")

    def type(self, text: str) -> None:
        """Press keys."""
        assert self._script.stdin is not None
        self._script.stdin.write(text.encode())
        self._script.stdin.flush()

    def end(self, timeout: float = 120.0) -> int:
        """Wait for the end of the command, and return its exit code."""
        self._container.wait_until(lambda: self._script.poll() is not None, timeout, "the command to end")
        return int(self._script.returncode)

    def lose(self) -> None:
        """Take the terminal away, as a lost connection does."""
        end_group(self._script)
