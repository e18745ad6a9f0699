"""The store of prepared fallback files. Each is an FLV that loops: videos, a picture or a message.

conversion.py makes a file. Its name depends on everything that goes into it, so nothing is converted twice.
All channels share the store: what two of them play is made once.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from restream_agent.base.errors import RestreamError
from restream_agent.base.files import TEMPORARY
from restream_agent.fallback import ffmpeg
from restream_agent.fallback.conversion import Conversion, ProgressCallback
from restream_agent.fallback.ffprobe import check_readable, fingerprint
from restream_agent.fallback.profile import Profile

_WORK_PREFIX = ".prepare-"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_PREPARED = re.compile(r"[0-9a-f]{16}-.+\.flv")

_ABANDONED = 60.0
"""Seconds after which nobody writes a file of `base/files.py` any more: that takes milliseconds."""

KEPT = 8
"""How many files prepared by hand are kept for each channel, whatever is edited meanwhile."""

SPARE = 4
"""How many prepared files are kept besides those in use."""


def prepare(
    sources: tuple[Path, ...],
    *,
    message: str,
    profile: Profile,
    keyframe: float,
    directory: Path,
    progress: ProgressCallback | None = None,
) -> Path:
    """Return the prepared FLV file for these sources; make it if `directory` does not hold it yet.

    The `sources` are played in turn; if there are none, a slate shows `message`. `keyframe` is the time
    between keyframes in seconds. A source's audio is cut or padded to the length of its video. An
    interruption leaves no unfinished file behind; after a SIGKILL the next call removes it. Concurrent calls
    for one file wait for each other. Raises RestreamError, with the file's name, for a source that cannot be
    played, and for a directory that is full or cannot be written.
    """
    for path in sources:
        check_readable(path)
    target = directory / prepared_name(sources, message, profile, keyframe)
    with _explained(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with _locked(directory):
            _sweep(directory)
        if not target.exists():
            with _working_directory(target) as work:
                if not target.exists():
                    finished = Conversion(work, profile, keyframe, progress).run(sources, message)
                    finished.chmod(0o644)
                    finished.replace(target)
        with contextlib.suppress(PermissionError):  # a file of another user, which `adopt` makes ours
            os.utime(target)  # so that no other call takes it for old before it is in use
    return target


def adopt(directory: Path) -> None:
    """Replace each file of another user by a copy of our own, so that nobody else can change it later.

    Versions before this one converted as root and as the agent's user.
    """
    with _explained(directory), _locked(directory):
        _sweep(directory)
        for path in directory.iterdir():
            if path.is_file() and not path.is_symlink() and path.stat().st_uid != os.geteuid():
                copy = directory / f"{_WORK_PREFIX}copy-{path.name}"
                shutil.copyfile(path, copy)
                shutil.copystat(path, copy)
                copy.replace(path)


def keep(prepared: Path) -> None:
    """Have a file that was prepared by hand kept, as one of the KEPT newest such files."""
    _mark(prepared).touch()


def prune(directory: Path, keep: set[Path], *, channels: int = 1) -> tuple[Path, ...]:
    """Delete old prepared files, and return them.

    The files in `keep` stay, and for each channel KEPT of the newest that were prepared by hand, and SPARE of
    the newest others: OBS may return to an earlier format.
    """
    prepared = [path for path in directory.glob("*.flv") if _PREPARED.fullmatch(path.name)]
    others = [path for path in prepared if path.name not in {kept.name for kept in keep}]
    by_hand = [path for path in others if _mark(path).exists()]
    by_itself = [path for path in others if path not in by_hand]
    old = (*_newest_first(by_hand)[KEPT * channels :], *_newest_first(by_itself)[SPARE * channels :])
    for path in old:
        path.unlink(missing_ok=True)
        _mark(path).unlink(missing_ok=True)
    return old


def _newest_first(files: list[Path]) -> list[Path]:
    return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)


def _mark(prepared: Path) -> Path:
    """Return the empty file beside a prepared file that says that somebody prepared it by hand."""
    return prepared.with_suffix(".by-hand")


def prepared_name(sources: tuple[Path, ...], message: str, profile: Profile, keyframe: float) -> str:
    """Return the name of a prepared file: it depends on all that goes into the file.

    The message counts only if it is shown. Raises OSError for a source that cannot be read.
    """
    content = [fingerprint(path) for path in sources] or message
    ingredients = json.dumps([ffmpeg.VERSION, content, profile.to_json(), keyframe])
    return f"{hashlib.sha256(ingredients.encode()).hexdigest()[:16]}-{profile.label()}.flv"


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Lock the directory against other calls for the moment."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _working_directory(target: Path) -> Iterator[Path]:
    """Make a working directory for a prepared file, and lock it: other calls for the file wait for this one.

    A conversion may take hours. Calls for other files, such as those of another channel, do not wait.
    """
    work = target.with_name(f"{_WORK_PREFIX}{target.name}")
    descriptor = _lock_of(work)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(descriptor)


def _lock_of(work: Path) -> int:
    """Make a working directory if it is missing, wait until it is ours, and return the open lock."""
    while True:
        with contextlib.suppress(FileExistsError):
            work.mkdir(mode=0o700)
        try:
            descriptor = os.open(work, _DIRECTORY)
        except FileNotFoundError:
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):  # whoever had it before has removed it
            if os.path.samestat(work.lstat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)


def _sweep(directory: Path) -> None:
    """Remove what killed calls have left: half-written files, and working directories without a lock."""
    for remains in directory.glob(f"{TEMPORARY}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - remains.lstat().st_mtime > _ABANDONED:
                remains.unlink()
    for remains in directory.glob(f"{_WORK_PREFIX}*"):
        if remains.is_symlink() or not remains.is_dir():
            remains.unlink(missing_ok=True)
            continue
        # Gone by now, in use, or of another user, whose directory nobody else may open.
        with contextlib.suppress(FileNotFoundError, BlockingIOError, PermissionError):
            descriptor = os.open(remains, _DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(remains, ignore_errors=True)
            finally:
                os.close(descriptor)


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Turn a failed write into an error that names the directory and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RestreamError(
                f"{directory}: no space left for the prepared fallback video",
                hint="free some space there: about twice the size of the prepared video is needed",
            ) from error
        raise RestreamError(f"{directory}: cannot be written: {error.strerror}") from error
