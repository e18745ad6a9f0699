"""What `apply` and its units have left on a machine, whichever version it was: found, not touched.

A file is ours if a manifest names it, or if it begins with our signature: the manifest may be lost, and an
apply or a removal may have been interrupted.
"""

import grp
import pwd
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import CHANNELS
from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.deploy import take_back, unconfirmed, unfinished
from restream_agent.deploy.planning import SIGNATURES
from restream_agent.deploy.platform_trial import TRIAL_UNIT
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import channel_of
from restream_agent.systemd.systemctl import Systemd

_TRANSIENT = (unit_names.APPLY_PATH, TRIAL_UNIT)
"""Units without a file."""

_SLICE = re.compile(r"restream(-.+)?\.slice")
_RUNTIME = ("restream", "restream-agent", "restream-ingest", "restream-program*", "ffmpeg-relay-*")
_SETTINGS = (
    paths.HOOK_TOKEN, paths.PROGRAM_SETTINGS, paths.RELAY_SETTINGS, paths.AGENT_SETTINGS,
    paths.NOTIFY_SETTINGS, paths.FALLBACK_SETTINGS, *paths.INGEST_CONFIG.values(),
)  # fmt: skip
_OWN_DIRECTORIES = (paths.INLINE_KEYS, CHANNELS)
_KEPT = (paths.OWN_DIRECTORY.rstrip("/"), paths.FALLBACK_DIRECTORY)
_NOTIFIER_STATE = ("/var/lib/restream-notify", "/var/lib/private/restream-notify")
_PACKAGE_ACCOUNTS = "/usr/lib/sysusers.d/restream-agent.conf"
"""If the Debian package has made accounts and directories, they go when the package is purged."""

_GROUP = re.compile(r"restream-(live|relay|report)(?P<channel>-.+)?")
_USERS = (unit_names.AGENT_USER, "restream-ingest", unit_names.PREPARE_USER)
_FIRST_PERSON = 1000
"""The first number of a person's account: those of services are lower (sysusers.d(5))."""


@dataclass(frozen=True)
class Traces:
    """What is there: absolute paths without --root, and names.

    `files` were written by an apply; `directories`, which are removed with all they hold, by the services and
    `apply`. `units` are loaded by systemd, running or failed, by their ActiveState. `kept` are the TOML, the
    keys and the fallback videos, which go only on demand.
    """

    files: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    units: tuple[tuple[str, str], ...] = ()
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there but what is kept."""
        return not (self.files or self.directories or self.units or self.users or self.groups)

    @property
    def on_air(self) -> tuple[str, ...]:
        """The channels whose broadcast runs."""
        targets = (unit for unit, state in self.units if state != "failed" and unit.endswith(".target"))
        return tuple(channel_of(unit).name for unit in targets)


def find(target: TargetMachine, systemd: Systemd | None, *, purge: bool) -> Traces:
    """Return what is on a target; with `purge` also what is otherwise kept. `systemd` is None without one.

    Raises RestreamError for what cannot be read.
    """
    root = target.root
    owned = owned_paths(root)
    here = tuple(sorted(path for path in owned if _exists(root, path)))
    kept = tuple(path for path in _KEPT if _is_filled(root, path, here))
    users, groups = _accounts(root, keeps_videos=paths.FALLBACK_DIRECTORY in kept and not purge)
    return Traces(
        files=here,
        directories=(*(kept if purge else ()), *_directories(root, is_applied=bool(here))),
        units=tuple(sorted(loaded_units(systemd, owned).items())) if systemd is not None else (),
        users=users if target.is_this_machine else (),
        groups=groups if target.is_this_machine else (),
        kept=() if purge else kept,
    )


def owned_paths(root: Path) -> frozenset[str]:
    """Return every path that an apply may have written, whether it is there or not."""
    named = {*take_back.OWN_PATHS, *_SETTINGS, *unfinished.read(root).owned}
    for directory in _OWN_DIRECTORIES:
        places = files.locate(root, directory).rglob("*")
        named |= {_absolute(root, place) for place in places if not place.is_dir()}
    with suppress(RestreamError):  # a damaged manifest: what is signed is found all the same
        owned = files.read_manifest(root).get("owned")
        named |= set(map(str, owned)) if isinstance(owned, list) else set()
    with suppress(RestreamError):
        record = unconfirmed.read(root)
        named |= set(record.before) if record is not None else set()
    signed = set(_signed(root))
    units = {Path(path).name for path in (*named, *signed) if path.startswith(f"{paths.UNITS}/")}
    links = (path for path in files.locate(root, paths.UNITS).glob("*.wants/*") if path.is_symlink())
    return frozenset(named | signed | {_absolute(root, link) for link in links if link.name in units})


def _signed(root: Path) -> Iterator[str]:
    """Yield the files that begin as ours do, where an apply writes."""
    units = files.locate(root, paths.UNITS)
    others = (files.locate(root, path) for path in (paths.POLKIT_RULE, paths.SYSUSERS, paths.TMPFILES))
    for place in (*units.glob("*.*"), *units.glob("*.d/*.conf"), *others):
        with suppress(OSError):
            if place.is_file() and not place.is_symlink():
                with place.open(errors="replace") as file:
                    beginning = file.read(200)
                if any(mark in beginning for mark in SIGNATURES):
                    yield _absolute(root, place)


def _directories(root: Path, *, is_applied: bool) -> Iterator[str]:
    """Yield what the services and `apply` keep: all goes, but the fallback videos.

    The package has made paths.RUNTIME before the first apply.
    """
    run = files.locate(root, "/run")
    for pattern in _RUNTIME:
        for place in sorted((*run.glob(pattern), *run.glob(f"private/{pattern}"))):
            path = _absolute(root, place)
            if path != paths.RUNTIME or is_applied or not _exists(root, _PACKAGE_ACCOUNTS):
                yield path
    yield from (path for path in _NOTIFIER_STATE if _exists(root, path))
    for place in sorted(files.locate(root, paths.STATE).glob("*")):
        path = _absolute(root, place)
        if path not in (paths.FALLBACK_DIRECTORY, paths.MANIFEST):
            yield path
    if _exists(root, paths.MANIFEST):
        yield paths.MANIFEST  # the last: it says what an interrupted removal has still to do


def _is_filled(root: Path, path: str, gone: Iterable[str]) -> bool:
    """Whether a directory holds anything but what goes in any case, and empty directories."""
    place, removed = files.locate(root, path), set(gone)
    if place.is_symlink():
        return True
    entries = (each for each in place.rglob("*") if each.is_symlink() or not each.is_dir())
    return any(_absolute(root, each) not in removed for each in entries)


def loaded_units(systemd: Systemd, owned: frozenset[str]) -> dict[str, str]:
    """Return our units that are not inactive, with their states; `owned` is from `owned_paths`."""
    return {
        unit: state for unit, state in systemd.active(*unit_names.BEGINNINGS).items() if is_ours(unit, owned)
    }


def is_ours(unit: str, owned: frozenset[str]) -> bool:
    """Whether a unit has a file among `owned`, or is of a kind that has none. Pure."""
    stem, at, rest = unit.partition("@")
    template = f"{stem}@.{rest.rpartition('.')[2]}" if at else unit
    has_file = not owned.isdisjoint((f"{paths.UNITS}/{unit}", f"{paths.UNITS}/{template}"))
    return has_file or unit in _TRANSIENT or _SLICE.fullmatch(unit) is not None


def _accounts(root: Path, *, keeps_videos: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return users and groups. The owner of the fallback videos stays with them."""
    is_packaged = _exists(root, _PACKAGE_ACCOUNTS)
    kept = set(_USERS) if is_packaged else {unit_names.PREPARE_USER} if keeps_videos else set[str]()
    gone = set(_USERS) - kept

    def is_gone(group: str) -> bool:
        found = _GROUP.fullmatch(group)
        return group in gone or (found is not None and (not is_packaged or found["channel"] is not None))

    users = (each.pw_name for each in pwd.getpwall() if each.pw_uid < _FIRST_PERSON)
    groups = (each.gr_name for each in grp.getgrall() if each.gr_gid < _FIRST_PERSON)
    return tuple(sorted(gone.intersection(users))), tuple(sorted(filter(is_gone, groups)))


def _exists(root: Path, path: str) -> bool:
    place = files.locate(root, path)
    return place.is_symlink() or place.exists()


def _absolute(root: Path, place: Path) -> str:
    return f"/{place.relative_to(root)}"
