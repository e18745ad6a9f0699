"""The links by which programs know their prepared files: each channel has a link for its video and its slate.

A prepared file that a link of any channel leads to is in use.
"""

import logging
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base.channel_paths import CHANNELS_FALLBACK, MAIN_PATHS, ChannelPaths, channel_paths
from restream_agent.base.file_tree import Link
from restream_agent.base.files import locate, write

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InUse:
    """The prepared files that programs play, and how many channels there are."""

    files: frozenset[Path]
    channels: int


def point(root: Path, name: str, prepared: Path) -> None:
    """Have a link lead to a prepared file."""
    link = locate(root, name)
    target = _target(link, prepared)
    if not link.is_symlink() or str(link.readlink()) != target:
        write(root, name, Link(target))
        log.info("fallback: %s is now %s", name.removeprefix(f"{MAIN_PATHS.fallback}/"), prepared.name)


def leads_to(root: Path, name: str, prepared: str) -> bool:
    """Whether a link leads to the prepared file of this name; OSError if there is no link or no file."""
    link = locate(root, name)
    file = locate(root, MAIN_PATHS.fallback) / prepared
    return str(link.readlink()) == _target(link, file) and stat.S_ISREG(file.lstat().st_mode)


def _target(link: Path, prepared: Path) -> str:
    """Return what a link says: the way from its directory, so that a copy of the whole store still works."""
    return os.path.relpath(prepared, link.parent)


def make_directory(root: Path, places: ChannelPaths) -> None:
    """Make the directory of a channel's links; programs enter it, whatever the umask is."""
    directory = locate(root, places.fallback)
    for each in (directory.parent, directory):
        if not each.exists():
            each.mkdir(parents=True, exist_ok=True)  # another channel's preparation makes the first, too
            each.chmod(0o755)


def in_use(root: Path) -> InUse:
    """Return what the links of all channels lead to."""
    store = locate(root, MAIN_PATHS.fallback)
    directories = [store, *locate(root, CHANNELS_FALLBACK).glob("*")]
    names = (MAIN_PATHS.fallback_current, MAIN_PATHS.fallback_slate)
    files = set()
    for link in (directory / Path(name).name for directory in directories for name in names):
        with suppress(OSError):  # a channel that has just been added has no links yet
            files.add(store / link.readlink().name)
    return InUse(frozenset(files), len(directories))


def forget_removed_channels(root: Path) -> None:
    """Remove the links of channels that are no longer installed: what only they used is no longer in use."""
    for directory in locate(root, CHANNELS_FALLBACK).glob("*"):
        # Of a channel that is being added, apply has put in place nothing but this file.
        if not locate(root, channel_paths(directory.name).fallback_settings).exists():
            shutil.rmtree(directory, ignore_errors=True)
