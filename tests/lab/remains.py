"""What a container has on the host outside its own namespaces, and how it is removed.

That is a directory below /var/tmp (nspawn mounts a tmpfs over /tmp), its control groups, and an entry of
nspawn's.
"""

import os
import secrets
import shutil
from pathlib import Path

from tests.lab import cgroups

BASE_DIRECTORY = Path("/var/tmp")
PREFIX = "restream-lab-"
PROPAGATE = Path("/run/systemd/nspawn/propagate")


def new_name() -> str:
    """Return a name for a container that tells whose it is: this process's id is in it."""
    return f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"


def leftovers(prefix: str = PREFIX) -> list[str]:
    """Name what containers whose name begins so have on the machine: directories, groups, mounts.

    Give a container's name where other containers may be running at the same time.
    """
    parents = (BASE_DIRECTORY, PROPAGATE, *_group_parents())
    found = [str(path) for parent in parents for path in parent.glob(prefix + "*")]
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return found + [line for line in mounts if prefix in line]


def remove(name: str) -> None:
    """Remove what an ended container has left; waits until the last of its processes is gone."""
    cgroups.remove(tuple(parent / name for parent in _group_parents()))
    shutil.rmtree(BASE_DIRECTORY / name, ignore_errors=True)
    shutil.rmtree(PROPAGATE / name, ignore_errors=True)


def sweep() -> None:
    """Remove what is left of containers whose owners were killed before they could."""
    for path in BASE_DIRECTORY.glob(PREFIX + "*"):
        owner = path.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            remove(path.name)


def _group_parents() -> tuple[Path, ...]:
    return cgroups.hierarchies(cgroups.MOUNTS.read_text(), cgroups.MEMBERSHIP.read_text())
