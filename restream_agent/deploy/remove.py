"""`restream-agent remove`: ends what runs, then takes away what `apply` and its units have left (traces.py).

A removal may be interrupted, so nothing that runs loses its files, and the manifest, which names the files,
goes last. Another removal then finds what is left.
"""

import grp
import logging
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import CHANNELS
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.process import run
from restream_agent.base.target import TargetMachine
from restream_agent.deploy import traces
from restream_agent.deploy.traces import Traces
from restream_agent.systemd import systemctl, unit_names
from restream_agent.systemd.systemctl import Systemd

log = logging.getLogger(__name__)

_REASON = "restream-agent is removed"
_WAKERS = (
    unit_names.AGENT_SOCKET, unit_names.AGENT_UNIT, unit_names.APPLY_PATH, unit_names.APPLY_UNIT,
    unit_names.TAKE_BACK_TIMER, unit_names.TAKE_BACK_UNIT,
)  # fmt: skip
"""What could begin a broadcast, or an apply, in the middle of the removal."""

_SLICES = "restream*.slice"
_ESCAPED_DASH = r"\x2d"
"""A dash in the name of the slice of a template's instances, systemd.unit(5)."""

_DYNAMIC_RUNTIME = "/run/private"
"""systemd makes it for the first unit with DynamicUser= and RuntimeDirectory=, systemd.exec(5)."""

_TRIES = 3
_ACCOUNTS_TIMEOUT = 30.0
"""Seconds. userdel looks through the processes of the machine."""


def look(target: TargetMachine, *, purge: bool) -> Traces:
    """Return what a removal would take away; with `purge` also TOML, keys and fallback videos.

    Raises RestreamError for others than root, for what cannot be read, and for a disk that is mounted in a
    directory that would go.
    """
    if target.is_this_machine and os.geteuid() != 0:
        raise RestreamError("remove changes the system and has to be root", hint="sudo restream-agent remove")
    found = traces.find(target, _systemd(target), purge=purge)
    _refuse_mounts(found.directories, target.root)
    return found


def remove(target: TargetMachine, *, purge: bool) -> None:
    """Take away what is there now. Raises RestreamError; another removal then goes on from there."""
    look(target, purge=purge)
    systemd, owned = _systemd(target), traces.owned_paths(target.root)
    if systemd is not None:
        loaded = traces.loaded_units(systemd, owned)
        systemd.change("stop", [unit for unit in _WAKERS if unit in loaded], reason=_REASON)
    with files.lock(target.root):
        if systemd is not None:
            _end_all(systemd, owned)
            _end_slices(systemd, owned)
        found = traces.find(target, systemd, purge=purge)
        _take_files(found, target.root)
        if systemd is not None:
            systemd.daemon_reload()
            failed = traces.loaded_units(systemd, owned)
            systemd.change("reset-failed", _without_slices(failed), reason=_REASON)
        _take_accounts(found)
        # After all else: whatever has ended meanwhile may have written there.
        _take_directories(traces.find(target, None, purge=purge), target.root)


def _systemd(target: TargetMachine) -> Systemd | None:
    """Return systemd; None for another machine's files, and in a chroot, where no unit of ours runs."""
    return Systemd() if target.is_this_machine and systemctl.is_running() else None


def _refuse_mounts(directories: Iterable[str], root: Path) -> None:
    """Raise RestreamError if something is mounted in one of these: a disk with videos would be emptied."""
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        mounted = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), line.split()[4])
        if any(Path(mounted).is_relative_to(files.locate(root, path)) for path in directories):
            raise RestreamError(
                f"{mounted} is mounted, and what is there would go with the rest; nothing was removed",
                hint=f"umount {mounted}, then remove again",
            )


def _end_all(systemd: Systemd, owned: frozenset[str]) -> None:
    """Go off air, wait for it, and stop all else. RestreamError if anything of it runs on."""
    trouble = ""
    for _ in range(_TRIES):
        running = _running(systemd, owned)
        if not running:
            return
        broadcast = [unit for unit in running if unit.endswith(".target") or unit_names.is_of_program(unit)]
        try:
            systemd.change("stop", broadcast, reason=_REASON)
            systemd.change("stop", [unit for unit in running if unit not in broadcast], reason=_REASON)
        except CommandError as error:  # one of them may just have ended by itself
            trouble = error.message
    left = _running(systemd, owned)
    if left:
        message = f"{', '.join(left)} did not stop; no file was removed"
        raise RestreamError(f"{message}\n{trouble}".rstrip(), hint="stop it by hand, then remove again")


def _running(systemd: Systemd, owned: frozenset[str]) -> list[str]:
    loaded = traces.loaded_units(systemd, owned)
    return [unit for unit in _without_slices(loaded) if loaded[unit] != "failed"]


def _without_slices(units: Iterable[str]) -> list[str]:
    """Leave out the slices, which end by themselves once nothing is in them."""
    return [unit for unit in units if not unit.endswith(".slice")]


def _end_slices(systemd: Systemd, owned: frozenset[str]) -> None:
    """Stop our slices, and those that systemd has made for our templates if no other's unit is in them."""
    slices = [_SLICES]
    for name in sorted({Path(path).name.partition("@.")[0] for path in owned if "@." in path}):
        if not systemd.active(f"{name}@*"):
            slices.append(f"system-{name.replace('-', _ESCAPED_DASH)}.slice")
    systemd.change("stop", systemd.active(*slices), reason=_REASON)


def _take_files(found: Traces, root: Path) -> None:
    """Remove the files, and directories that an apply has made for them."""
    for path in found.files:
        files.remove(root, path)
        log.info("removed %s", path)
    files.remove_leftovers(root, found.files)
    for directory in (paths.INLINE_KEYS, CHANNELS):
        _remove_empty(files.locate(root, directory))
    for path in (paths.SYSUSERS, paths.TMPFILES):
        place = files.locate(root, path).parent
        if place.is_dir() and not any(place.iterdir()) and not _is_packaged(place):
            place.rmdir()


def _remove_empty(directory: Path) -> None:
    """Remove a directory if it holds nothing but empty directories."""
    if directory.is_dir() and not directory.is_symlink():
        for each in directory.iterdir():
            _remove_empty(each)
        with suppress(OSError):  # something is in it, which is not ours
            directory.rmdir()


def _is_packaged(directory: Path) -> bool:
    """Whether a package brought a directory; without dpkg nobody knows, and it stays."""
    try:
        asked = run(("dpkg-query", "--search", str(directory)), timeout=_ACCOUNTS_TIMEOUT, ok=(0, 1))
    except CommandError:
        return True
    return asked.returncode == 0


def _take_accounts(found: Traces) -> None:
    for user in found.users:
        log.info("userdel %s", user)
        run(("userdel", user), timeout=_ACCOUNTS_TIMEOUT)
    # Where USERGROUPS_ENAB is set, login.defs(5), userdel has removed the group of the user's name.
    present = {each.gr_name for each in grp.getgrall()}
    for group in sorted(present.intersection(found.groups)):
        log.info("groupdel %s", group)
        run(("groupdel", group), timeout=_ACCOUNTS_TIMEOUT)


def _take_directories(found: Traces, root: Path) -> None:
    for path in found.directories:
        place = files.locate(root, path)
        try:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise RestreamError(f"{error.filename}: {error.strerror}") from error
        log.info("removed %s", path)
    for path in (paths.STATE, paths.OWN_DIRECTORY, _DYNAMIC_RUNTIME):
        with suppress(OSError):  # it is not there, or what is kept, or another's, is in it
            files.locate(root, path).rmdir()
