"""The store of prepared fallback files: videos, a picture or a message, each as an FLV that loops.

A file is named after all that went into it, so nothing is converted twice; conversion.py makes it.
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

SPARE = 4
"""Prepared files kept beside those in use."""


def prepare(
    sources: tuple[Path, ...],
    *,
    message: str,
    profile: Profile,
    keyframe: float,
    directory: Path,
    progress: ProgressCallback | None = None,
) -> Path:
    """Return the prepared FLV file for these sources, made now if `directory` does not hold it yet.

    `sources` are played in turn; without any, a slate shows `message`. `keyframe` is the time between
    keyframes in seconds. A video's sound is cut or padded to the length of its pictures. Whatever
    interrupts it, nothing unfinished stays behind; after a SIGKILL the next call clears up. Two calls
    at once wait for each other. Raises RestreamError, naming the file, for a source that cannot be
    played, and for a directory that is full or cannot be written.
    """
    for path in sources:
        check_readable(path)
    target = directory / _name(sources, message, profile, keyframe)
    with _explained(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with _sole_user(directory):
            if not target.exists():
                with tempfile.TemporaryDirectory(prefix=_WORK_PREFIX, dir=directory) as work:
                    finished = Conversion(Path(work), profile, keyframe, progress).run(sources, message)
                    finished.chmod(0o644)
                    finished.replace(target)
    return target


def prune(directory: Path, keep: set[Path]) -> tuple[Path, ...]:
    """Delete old prepared files, and return what was deleted.

    Those in `keep` stay, and the SPARE newest others: OBS may change back, and a file may have been
    prepared before the configuration names it.
    """
    prepared = [path for path in directory.glob("*.flv") if _PREPARED.fullmatch(path.name)]
    others = [path for path in prepared if path.name not in {kept.name for kept in keep}]
    old = tuple(sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[SPARE:])
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _name(sources: tuple[Path, ...], message: str, profile: Profile, keyframe: float) -> str:
    """Name a file after everything that decides what is in it; the message only where it is shown."""
    content = [fingerprint(path) for path in sources] or message
    ingredients = json.dumps([ffmpeg.VERSION, content, profile.to_json(), keyframe])
    return f"{hashlib.sha256(ingredients.encode()).hexdigest()[:16]}-{profile.label()}.flv"


@contextlib.contextmanager
def _sole_user(directory: Path) -> Iterator[None]:
    """Keep other calls out of the directory, and remove what a killed one left behind."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left_behind in directory.glob(f"{_WORK_PREFIX}*"):
            shutil.rmtree(left_behind, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Turn a failure to write into an error that says where and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RestreamError(
                f"{directory}: no space left for the prepared fallback video",
                hint="free some space there: about twice the size of the prepared video is needed",
            ) from error
        raise RestreamError(f"{directory}: cannot be written: {error.strerror}") from error
