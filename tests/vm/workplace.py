"""Directories for the time of a run, in .cache/vm: nothing of them stays, whatever ended the run."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.demo.install import PROJECT

CACHE = PROJECT / ".cache" / "vm"
KINDS = ("making", "payload", "run")
"""How the names of such directories begin; the number of their process follows."""


@contextmanager
def workplace(kind: str) -> Iterator[Path]:
    """Yield an empty directory, and remove it afterwards if it is still there. `kind` is one of KINDS."""
    CACHE.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=f"{kind}-{os.getpid()}-", dir=CACHE))
    try:
        yield directory
    finally:
        remove(directory)


def sweep() -> None:
    """Remove the directories of runs that were killed."""
    for kind in KINDS:
        for path in CACHE.glob(f"{kind}-*"):
            if not Path("/proc", path.name.split("-")[1]).exists():
                remove(path)


def remove(directory: Path) -> None:
    """Remove a directory, and nothing that is mounted in it (a killed mmdebstrap leaves /sys)."""
    for point in mounted(directory, Path("/proc/self/mounts").read_text()):
        subprocess.run(("umount", "--lazy", point), timeout=60, check=True)
    if directory.exists():
        shutil.rmtree(directory)


def mounted(directory: Path, mounts: str) -> list[str]:
    """Return what is mounted in a directory, the innermost first, from the text of /proc/self/mounts."""
    points = [line.split()[1] for line in mounts.splitlines()]
    return [point for point in reversed(points) if Path(point).is_relative_to(directory)]
