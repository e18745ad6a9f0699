"""Asks ffmpeg what it can do. apply keeps the answers, since `check` has no time to ask on each run."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.errors import CommandError
from restream_agent.base.file_tree import File
from restream_agent.base.process import run
from restream_agent.deploy.ffmpeg_needs import QUESTIONS, FfmpegAbilities, read_names, read_version

_TIMEOUT = 10.0
"""Seconds. An answer takes 0.1 s; a machine that boots is slow."""

_AT_ONCE = 3


def ask(ffmpeg: str) -> FfmpegAbilities:
    """Ask an ffmpeg for its version and its lists, which takes 0.3 s; what it does not answer stays empty."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = {name: pool.submit(_answer, ffmpeg, name) for name in ("version", *QUESTIONS)}
    answers = {name: answer.result() for name, answer in asked.items()}
    lists = {question: read_names(question, answers[question]) for question in QUESTIONS}
    return FfmpegAbilities(read_version(answers["version"]), lists)


def known(ffmpeg: str, root: Path) -> FfmpegAbilities:
    """Return what the last apply has kept of an ffmpeg, or else ask the ffmpeg; nothing is written."""
    return _kept(ffmpeg, root) or ask(ffmpeg)


def keep(ffmpeg: str, root: Path) -> None:
    """Keep what an ffmpeg can do, until another one is in its place."""
    if _kept(ffmpeg, root) is not None:
        return
    abilities = ask(ffmpeg)
    lists = {question: sorted(names) for question, names in abilities.lists.items()}
    if all(lists.values()):
        table = {"stamp": _stamp(ffmpeg), "version": abilities.version, "lists": lists}
        files.write(root, paths.FFMPEG, File(json.dumps(table) + "\n"))


def _kept(ffmpeg: str, root: Path) -> FfmpegAbilities | None:
    """Return what was kept of this very ffmpeg, None if nothing was, or nothing that can be read."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(files.locate(root, paths.FFMPEG).read_text())
        if kept["stamp"] == _stamp(ffmpeg):
            lists = {question: frozenset(kept["lists"][question]) for question in QUESTIONS}
            return FfmpegAbilities(str(kept["version"]), lists)
    return None


def _answer(ffmpeg: str, question: str) -> str:
    try:
        return run((ffmpeg, "-hide_banner", f"-{question}"), timeout=_TIMEOUT).stdout
    except CommandError:
        return ""


def _stamp(ffmpeg: str) -> list[object]:
    """Return what differs as soon as another ffmpeg is installed; OSError if there is none."""
    place = Path(shutil.which(ffmpeg) or ffmpeg).resolve()
    status = place.stat()
    return [str(place), status.st_size, status.st_mtime_ns, status.st_ino]
