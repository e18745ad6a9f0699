"""The store of prepared fallback files. Each is an FLV that loops: videos, a picture or a message.

conversion.py makes a file. Its name depends on everything that goes into it, so nothing is converted twice.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from restream_agent.base.errors import RestreamError
from restream_agent.fallback import ffmpeg
from restream_agent.fallback.conversion import Conversion, ProgressCallback
from restream_agent.fallback.ffprobe import check_readable, fingerprint
from restream_agent.fallback.profile import Profile

_WORK_PREFIX = ".prepare-"
_PREPARED = re.compile(r"[0-9a-f]{16}-.+\.flv")

KEPT = 8
"""Files prepared by hand that are kept, whatever is edited meanwhile."""

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
    wait for each other. Raises RestreamError, with the file's name, for a source that cannot be played, and
    for a directory that is full or cannot be written.
    """
    for path in sources:
        check_readable(path)
    target = directory / prepared_name(sources, message, profile, keyframe)
    with _explained(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with _locked(directory):
            if not target.exists():
                with tempfile.TemporaryDirectory(prefix=_WORK_PREFIX, dir=directory) as work:
                    finished = Conversion(Path(work), profile, keyframe, progress).run(sources, message)
                    finished.chmod(0o644)
                    finished.replace(target)
    return target


def adopt(directory: Path) -> None:
    """Replace each file of another user by a copy of our own, so that nobody else can change it later.

    Versions before this one converted as root and as the agent's user.
    """
    with _explained(directory), _locked(directory):
        for path in directory.iterdir():
            if path.is_file() and not path.is_symlink() and path.stat().st_uid != os.geteuid():
                copy = directory / f"{_WORK_PREFIX}{path.name}"
                shutil.copyfile(path, copy)
                shutil.copystat(path, copy)
                copy.replace(path)


def keep(prepared: Path) -> None:
    """Have a file that was prepared by hand kept, as one of the KEPT newest such files."""
    _mark(prepared).touch()


def prune(directory: Path, keep: set[Path]) -> tuple[Path, ...]:
    """Delete old prepared files, and return them.

    The files in `keep` stay, the KEPT newest that were prepared by hand, and the SPARE newest others: OBS may
    return to an earlier format.
    """
    prepared = [path for path in directory.glob("*.flv") if _PREPARED.fullmatch(path.name)]
    others = [path for path in prepared if path.name not in {kept.name for kept in keep}]
    by_hand = [path for path in others if _mark(path).exists()]
    by_itself = [path for path in others if path not in by_hand]
    old = (*_newest_first(by_hand)[KEPT:], *_newest_first(by_itself)[SPARE:])
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
    """Lock the directory against other calls, and remove what a killed call left behind."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for remains in directory.glob(f"{_WORK_PREFIX}*"):
            _remove(remains)
        yield
    finally:
        os.close(descriptor)


def _remove(remains: Path) -> None:
    if remains.is_dir() and not remains.is_symlink():
        shutil.rmtree(remains, ignore_errors=True)
    else:
        remains.unlink(missing_ok=True)


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
