"""What a container and a virtual machine have in common, for code that works on either."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Machine(Protocol):
    """A booted systemd: commands as root, files, and waiting. See `Container` for what each method does."""

    def run(
        self, argv: Sequence[str], *, timeout: float = 30, check: bool = True, input: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and return its result; LabError if it fails."""
        ...

    def write(self, path: str | Path, text: str, mode: int = 0o644) -> None:
        """Write a file."""
        ...

    def wait_until(self, predicate: Callable[[], Result], timeout: float, what: str) -> Result:
        """Poll until the predicate returns a true value; LabError after `timeout` seconds."""
        ...
