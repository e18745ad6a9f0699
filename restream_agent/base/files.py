"""Files below a root directory: read as a tree, each written completely or not at all."""

import grp
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from typing import IO

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File, Link, Tree

LOCK_SECONDS = 15.0
"""How long an apply waits for another apply, which takes seconds unless it prepares a fallback video."""

_LOCK_PAUSE = 0.2

TEMPORARY = ".restream-"
"""How the names of files begin that are not complete yet."""


def locate(root: Path, path: str) -> Path:
    """Return the place below `root` that an absolute path of a tree stands for."""
    return root / path.lstrip("/")


def read_tree(root: Path, tree_paths: Iterable[str], *, secret: frozenset[str]) -> Tree:
    """Return the files and links at the given paths; a path where nothing exists is left out.

    `secret` are the paths whose content is a secret. Raises RestreamError for what cannot be read.
    """
    tree: Tree = {}
    for path in tree_paths:
        place = locate(root, path)
        try:
            if place.is_symlink():
                tree[path] = Link(str(place.readlink()))
            elif place.exists():
                status = place.stat()
                tree[path] = File(
                    place.read_text(errors="replace"),
                    mode=status.st_mode & 0o7777,
                    group=_group_name(status.st_gid),
                    is_secret=path in secret,
                )
        except PermissionError as error:
            raise RestreamError(f"{place} cannot be read", hint="run this as root (sudo)") from error
        except OSError as error:
            raise RestreamError(f"{place} cannot be read: {error.strerror}") from error
    return tree


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def write(root: Path, path: str, entry: File | Link) -> None:
    """Put a file or link in place in one step (rename(2)), with its final mode and group from the start.

    Directories above it are made. Raises RestreamError; the earlier file is then still in place.
    """
    place = locate(root, path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(entry, Link):
            temporary = Path(tempfile.mktemp(dir=place.parent, prefix=TEMPORARY))  # noqa: S306
            temporary.symlink_to(entry.target)
        else:
            temporary = _written(place.parent, entry)
        try:
            temporary.replace(place)
        except OSError:
            temporary.unlink()
            raise
    except OSError as error:
        raise RestreamError(f"{place} cannot be written: {error.strerror}") from error


def _written(directory: Path, entry: File) -> Path:
    handle, name = tempfile.mkstemp(dir=directory, prefix=TEMPORARY)  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            if os.geteuid() == 0:
                os.chown(handle, 0, grp.getgrnam(entry.group).gr_gid)
            os.fchmod(handle, entry.mode)
            file.write(entry.content)
            file.flush()
            os.fsync(handle)
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def rewrite(place: Path, text: str) -> None:
    """Replace the text of a file that exists in one step; its owner, group and mode stay.

    Where `place` is a link, as into a checkout, the file that it leads to is replaced. Raises RestreamError;
    the earlier text is then still in place.
    """
    try:
        real = place.resolve(strict=True)
        status = real.stat()
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=TEMPORARY)  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                if os.geteuid() == 0:
                    os.fchown(handle, status.st_uid, status.st_gid)
                os.fchmod(handle, status.st_mode & 0o7777)
                file.write(text)
                file.flush()
                os.fsync(handle)
            Path(name).replace(real)
        except BaseException:
            Path(name).unlink()
            raise
    except PermissionError as error:
        raise RestreamError(f"{place} cannot be written", hint="run this as root (sudo)") from error
    except OSError as error:
        raise RestreamError(f"{place} cannot be written: {error.strerror}") from error


def remove(root: Path, path: str) -> None:
    """Remove a file or link, and its directory if that is empty now and was for drop-ins or .wants links.

    A file that does not exist is no error. Raises RestreamError for what cannot be removed.
    """
    place = locate(root, path)
    try:
        place.unlink(missing_ok=True)
        _remove_if_empty(place.parent)
    except OSError as error:
        raise RestreamError(f"{place} cannot be removed: {error.strerror}") from error


def settle(root: Path, tree_paths: Iterable[str]) -> None:
    """Have the disk know what was written or removed at each path, whatever happens next.

    `write` alone is complete or not there after a power cut; two file systems keep no order between them.
    Raises RestreamError.
    """
    for directory in {_nearest(locate(root, path).parent) for path in tree_paths}:
        try:
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise RestreamError(f"{directory} cannot be written: {error.strerror}") from error


def _nearest(directory: Path) -> Path:
    """Return a directory, or the nearest above it that exists."""
    return directory if directory.is_dir() else _nearest(directory.parent)


def _remove_if_empty(directory: Path) -> None:
    """Remove a directory for drop-ins or .wants links of a unit that holds none.

    Others that end in .d stay: they belong to their packages, and polkit no longer sees what is put into
    rules.d after it was made anew.
    """
    holds_unit_parts = directory.suffix in (".d", ".wants") and "." in directory.stem
    if holds_unit_parts and directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def remove_leftovers(root: Path, tree_paths: Iterable[str]) -> None:
    """Remove the temporary files of a `write` that was interrupted, beside each of the given paths.

    No other write may be going on there. Raises RestreamError for what cannot be removed.
    """
    for directory in {locate(root, path).parent for path in tree_paths}:
        try:
            for leftover in directory.glob(f"{TEMPORARY}*"):
                leftover.unlink(missing_ok=True)
            _remove_if_empty(directory)
        except OSError as error:
            raise RestreamError(f"{directory} cannot be cleaned: {error.strerror}") from error


def read_manifest(root: Path) -> dict[str, object]:
    """Return the record of the last apply: the paths that it owns, and fingerprints of the secrets."""
    place = locate(root, paths.MANIFEST)
    try:
        manifest: dict[str, object] = json.loads(place.read_text())
    except FileNotFoundError:
        return {"owned": [], "secrets": {}}
    except PermissionError as error:
        raise RestreamError(f"{place} cannot be read", hint="run this as root (sudo)") from error
    except ValueError as error:
        raise RestreamError(f"{place} is damaged: {error}", hint="remove it and apply again") from error
    return manifest


@contextmanager
def lock(root: Path, *, wait: float = LOCK_SECONDS) -> Iterator[None]:
    """Let only one apply run at a time below `root`.

    Waits up to `wait` seconds for an apply that is running; raises RestreamError if it is still running then.
    """
    place = locate(root, paths.LOCK)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = place.open("w")
    except PermissionError as error:
        raise RestreamError(f"{place} cannot be opened", hint="run this as root (sudo)") from error
    with file:
        deadline = time.monotonic() + wait
        while not _is_locked(file):
            if time.monotonic() >= deadline:
                raise RestreamError("another apply is running", hint="wait for it and try again")
            time.sleep(_LOCK_PAUSE)
        yield


def is_applying(root: Path) -> bool:
    """Whether an apply holds the lock below `root`. Who may not look sees none."""
    try:
        with locate(root, paths.LOCK).open() as file:
            flock(file, LOCK_SH | LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _is_locked(file: IO[str]) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True
