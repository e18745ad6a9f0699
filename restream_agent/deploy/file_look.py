"""Looks whether the users of our units reach the files that they need, each directory on the way included."""

import grp
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from restream_agent.base import rights
from restream_agent.base.files import locate
from restream_agent.deploy.file_findings import Blocked, Reason
from restream_agent.deploy.unit_files import FileNeed

_SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where systemd looks for a program that a unit names without a directory, systemd.exec(5)."""


def look_at_files(needs: Iterable[FileNeed], root: Path) -> Iterator[Blocked]:
    """Yield each need whose file its user does not reach, with the place that is in the way."""
    for need in needs:
        path = need.path if need.path.startswith("/") else shutil.which(need.path, path=_SEARCH)
        blocked = (
            Blocked(need, Reason.MISSING, need.path) if path is None else _look(need, locate(root, path))
        )
        if blocked is not None:
            yield blocked


def _look(need: FileNeed, file: Path) -> Blocked | None:
    try:
        steps = [str(place) for place, _ in rights.way_to(file)]
        hidden = next((each for step in steps for each in need.hidden if f"{step}/".startswith(each)), None)
        stop = rights.obstacle(file, _user(need), executes=need.executes) if need.user else None
    except FileNotFoundError:
        return None if need.is_optional else Blocked(need, Reason.MISSING, str(file))
    except OSError as error:
        return Blocked(need, Reason.OTHER, f"{file}: {error.strerror}")
    if hidden is not None:
        return Blocked(need, Reason.HIDDEN, hidden.rstrip("/"))
    if stop is None:
        return None
    return Blocked(need, Reason.FILE if stop == file.resolve() else Reason.DIRECTORY, str(stop))


def _user(need: FileNeed) -> rights.PosixUser:
    """Return the user of a unit with the groups that the unit adds."""
    user = rights.STRANGER if need.is_dynamic else rights.PosixUser.named(need.user)
    groups = set(user.groups)
    for name in need.groups:
        with suppress(KeyError):  # before the first apply there is none
            groups.add(grp.getgrnam(name).gr_gid)
    return rights.PosixUser(user.uid, frozenset(groups))
