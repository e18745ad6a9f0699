"""What a container leaves on the host outside its namespaces, and how that is removed.

It has a directory below /var/tmp (nspawn mounts a tmpfs over /tmp), control groups, and an entry of nspawn.
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
    """Return a name for a container; this process's id in it names the owner."""
    return f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"


def leftovers(prefix: str = PREFIX) -> list[str]:
    """Return the directories, groups and mounts of containers whose name begins with `prefix`.

    Pass one container's whole name where other containers may be running at the same time.
    """
    parents = (BASE_DIRECTORY, PROPAGATE, *_group_parents())
    paths = [str(path) for parent in parents for path in parent.glob(prefix + "*")]
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return paths + [line for line in mounts if prefix in line]


def remove(name: str) -> None:
    """Remove what an ended container left; waits until its last process is gone."""
    cgroups.remove(tuple(parent / name for parent in _group_parents()))
    shutil.rmtree(BASE_DIRECTORY / name, ignore_errors=True)
    shutil.rmtree(PROPAGATE / name, ignore_errors=True)


def sweep() -> None:
    """Remove what containers left whose owners were killed."""
    for path in BASE_DIRECTORY.glob(PREFIX + "*"):
        owner = path.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            remove(path.name)


def _group_parents() -> tuple[Path, ...]:
    return cgroups.hierarchies(cgroups.MOUNTS.read_text(), cgroups.MEMBERSHIP.read_text())
