"""Asks ffprobe about files, and explains why a file cannot be used."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.process import Finished, run
from restream_agent.fallback import ffmpeg
from restream_agent.fallback.profile import audio_stream, video_stream

SMALL_FILE = 64 * 1024 * 1024
"""Bytes. `fingerprint` reads files up to this size completely."""

_ALPHA = re.compile("rgba|bgra|argb|abgr|ya[0-9]|yuva|gbrap|pal8|ayuv|vuya")
"""How the names of ffmpeg's pixel formats begin that have an alpha channel, or a palette with one."""

_BLOCK = 1024 * 1024
_USABLE = "give a video or a picture that ffmpeg can play"


FILE_TIMEOUT = 120.0
"""Seconds for a file. ffprobe runs at the lowest priority, and a busy machine leaves it little time: a slate
was once given up after 15 s."""


class ProbeRunner(Protocol):
    """The shape of process.run."""

    def __call__(self, argv: tuple[str, ...], *, timeout: float) -> Finished:
        """Run a program; CommandError if it fails."""
        ...


def probe(path: Path, *, runner: ProbeRunner = run) -> dict[str, Any]:
    """Return ffprobe's -show_format -show_streams for a file; CommandError if it fails or finds none."""
    show = ("-of", "json", "-show_format", "-show_streams")
    argv = ("ffprobe", "-hide_banner", "-v", "error", *show, *ffmpeg.local_input(path))
    answer = json.loads(runner(argv, timeout=FILE_TIMEOUT).stdout)
    if not isinstance(answer, dict) or not answer.get("streams"):
        raise CommandError(argv, "found no streams")
    return answer


def inspect(path: Path, *, runner: ProbeRunner = run) -> ffmpeg.InputVideo:
    """Return the streams of a file that can be played. Raises RestreamError with the file and the reason."""
    check_readable(path)
    try:
        answer = probe(path, runner=runner)
    except CommandError as error:
        if error.hint:  # ffprobe is missing: the file is not the cause
            raise
        reason = last_reason(error)
        raise RestreamError(f"{path}: not a video that ffmpeg can read: {reason}", hint=_USABLE) from error
    video = video_stream(answer["streams"])
    if video is None:
        raise RestreamError(f"{path}: has sound but no picture", hint=_USABLE)
    audio = audio_stream(answer["streams"])
    format_name = str(answer.get("format", {}).get("format_name", ""))
    return ffmpeg.InputVideo(
        path=path,
        video=int(video["index"]),
        audio=None if audio is None else int(audio["index"]),
        seconds=_seconds(video) or _seconds(answer.get("format", {})),
        video_seconds=_seconds(video),
        is_still=format_name.endswith("_pipe") or format_name == "image2",
        has_alpha=_ALPHA.match(str(video.get("pix_fmt", ""))) is not None,
    )


def check_readable(path: Path) -> None:
    """Raise RestreamError unless the path is a readable file that is not empty."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise RestreamError(f"{path}: is not a file", hint=_USABLE)
        with path.open("rb") as file:
            if file.read(1):
                return
    except FileNotFoundError as error:
        raise RestreamError(f"{path}: does not exist", hint="check the path") from error
    except IsADirectoryError as error:
        raise RestreamError(f"{path}: is a directory", hint="list the videos one by one") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise RestreamError(f"{path}: cannot be read: {reason}", hint="check its permissions") from error
    raise RestreamError(f"{path}: is empty", hint="copy the video again")


def fingerprint(path: Path) -> str:
    """Return a text that changes with the file's content.

    It covers all of a file of up to SMALL_FILE bytes. A larger file would take long to read: its size, its
    modification time, and its first and last megabyte count.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if status.st_size <= SMALL_FILE:
            while block := file.read(_BLOCK):
                digest.update(block)
        else:
            digest.update(f"{status.st_size} {status.st_mtime_ns}".encode())
            digest.update(file.read(_BLOCK))
            file.seek(-_BLOCK, os.SEEK_END)
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()


def last_reason(error: CommandError) -> str:
    """Return the last line of a failed ffmpeg or ffprobe, without the file's name at its beginning."""
    lines = [line for line in error.output.splitlines() if line.strip()]
    return lines[-1].rsplit(": ", 1)[-1].strip() if lines else error.reason


def _seconds(described: Mapping[str, Any]) -> float | None:
    try:
        seconds = float(described.get("duration", 0))
    except ValueError:
        return None
    return seconds if seconds > 0 else None
