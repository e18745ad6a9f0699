"""What the permissions on the way to a file allow: who may change the file, and whether a user reaches it.

Links are followed like the kernel follows them, path_resolution(7).
"""

import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LARGEST_SECRET = 64 * 1024
"""Bytes. A larger file is no key and no URL."""

_MOST_LINKS = 40  # as in the kernel


@dataclass(frozen=True)
class PosixUser:
    """A user of a process, as permissions see it; `uid` -1 stands for a user without files and groups."""

    uid: int = -1
    groups: frozenset[int] = frozenset()

    @classmethod
    def named(cls, name: str) -> "PosixUser":
        """Return a user of this machine; a user that does not exist yet owns nothing."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return cls()
        return cls(entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))

    @property
    def exists(self) -> bool:
        """Whether this is a user of this machine; before the first apply ours are not."""
        return self.uid >= 0


STRANGER = PosixUser()
"""A dynamic user, systemd.exec(5), before it has groups."""


def way_to(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every directory on the way to a file, links resolved, then the file; OSError where it ends."""
    pending = list(reversed(path.absolute().parts[1:]))
    here, links = Path("/"), 0
    yield here, here.stat()
    while pending:
        part = pending.pop()
        if part == "..":
            here = here.parent
            continue
        place = here / part
        status = place.lstat()
        if not stat.S_ISLNK(status.st_mode):
            here = place
            yield here, status
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        target = place.readlink()
        here = Path("/") if target.is_absolute() else here
        pending += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def changeable(path: Path, *, itself: bool) -> Path | None:
    """Return the first directory on the way to a file that others may change, None if only root and we may.

    Whoever may change a directory may put another file, or a link to one, in the place of a file in it. With
    `itself` the file is also looked at. In a directory with the sticky bit (/tmp) others may not do that.
    Raises OSError for a file that does not exist.
    """
    *directories, (file, status) = way_to(path)
    if itself:
        directories.append((file, status))
    for place, found in directories:
        is_sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        others = stat.S_IWOTH | (stat.S_IWGRP if _has_members(found.st_gid) else 0)
        if found.st_uid not in (0, os.geteuid()) or (found.st_mode & others and not is_sticky):
            return place
    return None


def _has_members(gid: int) -> bool:
    """Whether others than root and we are in a group. /usr/local may belong to an empty one on Debian."""
    ours = {"root", pwd.getpwuid(os.geteuid()).pw_name}
    with suppress(KeyError):
        if set(grp.getgrgid(gid).gr_mem) - ours:
            return True
    return any(user.pw_gid == gid and user.pw_name not in ours for user in pwd.getpwall())


def obstacle(path: Path, user: PosixUser, *, executes: bool = False) -> Path | None:
    """Return the directory, or else the file, whose mode keeps a user from reading a file; None if none does.

    With `executes` the user must also be able to run the file. Where an access control list decides, acl(5),
    the mode says too little, and the place is no obstacle. Raises OSError for a file that does not exist.
    """
    steps = list(way_to(path))
    for number, (place, status) in enumerate(steps):
        is_file = number == len(steps) - 1
        wanted = (5 if executes else 4) if is_file else 1
        shift = 6 if status.st_uid == user.uid else 3 if status.st_gid in user.groups else 0
        if status.st_mode >> shift & wanted != wanted and not _has_list(place):
            return place
    return None


def _has_list(place: Path) -> bool:
    with suppress(OSError):
        return bool(os.getxattr(place, "system.posix_acl_access"))
    return False


def read_secret(path: Path) -> bytes:
    """Return what is in a secret's file; OSError if it is not regular or larger than LARGEST_SECRET."""
    return read_regular(path, LARGEST_SECRET)


def read_regular(path: Path, largest: int) -> bytes:
    """Return what is in a file; OSError if it is not regular or has more than `largest` bytes."""
    # A pipe without a writer must not be waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        data = file.read(largest + 1)
    if len(data) > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest // 1024} KiB", str(path))
    return data
