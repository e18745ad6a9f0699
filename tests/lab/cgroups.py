"""A control group of its own for each container.

systemd-nspawn --keep-unit puts its payload into `payload` below the caller's group. Two containers started
from one shell would share groups, and each systemd would kill the other's services (seen on systemd 252).
The group made here keeps them apart.
"""

import os
from functools import partial
from pathlib import Path

from tests.lab.deadline import wait_until

MOUNTS = Path("/proc/self/mountinfo")
MEMBERSHIP = Path("/proc/self/cgroup")


def hierarchies(mountinfo: str, membership: str) -> tuple[Path, ...]:
    """Return the caller's directory in each hierarchy that systemd uses, from two files of /proc/self.

    The hierarchies are cgroup2 and, on older layouts, the v1 hierarchy `name=systemd`.
    """
    groups = dict(line.split(":", 2)[1:] for line in membership.splitlines())
    # The first mount of each: a chroot shows the same hierarchy a second time.
    directories: dict[str, Path] = {}
    for line in mountinfo.splitlines():
        before, after = (half.split() for half in line.split(" - ", 1))
        kind, options = after[0], after[2].split(",")
        if kind == "cgroup2":
            controller = ""
        elif kind == "cgroup" and "name=systemd" in options:
            controller = "name=systemd"
        else:
            continue
        if controller in groups:
            directories.setdefault(controller, Path(before[4]) / groups[controller].lstrip("/"))
    return tuple(directories.values())


def create(name: str) -> tuple[Path, ...]:
    """Make a group of this name in every hierarchy and return the directories."""
    groups = tuple(
        parent / name for parent in hierarchies(MOUNTS.read_text(), MEMBERSHIP.read_text()) if parent.is_dir()
    )
    for group in groups:
        group.mkdir()
    return groups


def remove(groups: tuple[Path, ...]) -> None:
    """Remove groups whose processes have ended, innermost first; waits until the kernel has freed them."""
    for group in groups:
        wait_until(partial(_remove_tree, group), 5, f"control group {group} to become empty")


def _remove_tree(group: Path) -> bool:
    try:
        for directory, _, _ in os.walk(group, topdown=False):
            Path(directory).rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # EBUSY: a process of the group is still being reaped
    return not group.exists()
