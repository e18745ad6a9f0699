"""One conversion: sources in, a finished FLV file out, all of it in one working directory.

It runs the commands of recipe.py and slate.py and joins what they made by loop.py.
"""

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from restream_agent.base import process
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.fallback import ffmpeg, seam, slate
from restream_agent.fallback.ffprobe import inspect, last_reason
from restream_agent.fallback.profile import Profile
from restream_agent.stream import flv

ProgressCallback = Callable[[float, float | None], None]
"""Takes the fraction done (0 to 1) and about how many seconds are left, None where unknown."""

STALL = 120.0
"""Seconds without a sign of life after which ffmpeg is given up; it reports twice a second."""

_CHUNK = 1024 * 1024
_MAY_LACK = 0.05
"""A file whose pictures end this part of their length (and a second) too early is damaged."""


class Conversion:
    """Where it works, what is wanted, and when it began."""

    def __init__(
        self, work: Path, profile: Profile, keyframe: float, progress: ProgressCallback | None
    ) -> None:
        self._work = work
        self._profile = profile
        self._keyframe = keyframe
        self._progress = progress
        self._begun = time.monotonic()

    def run(self, paths: tuple[Path, ...], message: str) -> Path:
        """Convert the files, or a slate with `message` if there are none, and return the result.

        Raises RestreamError naming the file that cannot be converted, OSError for a full disk.
        """
        sources = tuple(inspect(path) for path in paths or (self._draw_slate(message),))
        frames = self._encode_pictures(sources)
        length = seam.choose(sum(frames), self._profile)
        argv = ffmpeg.encode_sound(sources, frames, length, self._profile, output="sound.flv")
        self._encode(argv, ", ".join(str(source.path) for source in sources), 0.0, None)
        finished = self._join(len(sources), length)
        self._report(1.0)
        return finished

    def _draw_slate(self, message: str) -> Path:
        width, height = self._profile.width, self._profile.height
        text = slate.layout(message, width, height)
        font = slate.find_font(message) if text.lines else None
        if font is not None:
            (self._work / slate.FONT).symlink_to(font)
        for number, line in enumerate(text.lines):
            (self._work / slate.line_file(number)).write_text(line, encoding="utf-8")
        for has_font in (True, False) if font else (False,):
            argv = slate.command(text, width, height, has_font=has_font, output="slate.png")
            try:
                process.run(argv, timeout=STALL, cwd=self._work)
                break
            except CommandError as error:
                # An ffmpeg built without drawtext, or a font it cannot draw: the pause sign will do.
                _raise_if_full(error.output)
                if not has_font or error.hint:
                    raise
        return self._work / "slate.png"

    def _encode_pictures(self, sources: tuple[ffmpeg.InputVideo, ...]) -> tuple[int, ...]:
        """Encode each source's pictures and return how many there are, without the spare ones."""
        known = [ffmpeg.STILL_SECONDS if source.is_still else source.seconds for source in sources]
        total = sum(seconds or 0.0 for seconds in known) if all(known) else None
        frames: list[int] = []
        for number, source in enumerate(sources):
            spare = seam.spare_frames(self._profile.fps) if number == len(sources) - 1 else 0
            argv = ffmpeg.encode_pictures(
                source, self._profile, keyframe=self._keyframe, spare=spare, output=_part(number)
            )
            self._encode(argv, str(source.path), float(sum(frames) / self._profile.fps), total)
            count = sum(tag.is_media for tag in _tags(self._work / _part(number))) - spare
            _check_length(source, count, self._profile)
            frames.append(count)
        return tuple(frames)

    def _encode(self, argv: tuple[str, ...], names: str, before: float, total: float | None) -> None:
        """Run ffmpeg; `before` seconds of `total` were done when it began."""

        def on_line(line: str) -> None:
            seconds = ffmpeg.seconds_done(line)
            if seconds is not None and total:
                self._report(min(0.99, (before + seconds) / total))

        try:
            complaints = process.stream(argv, stall=STALL, on_line=on_line, cwd=self._work)
        except CommandError as error:
            if error.hint:  # ffmpeg is missing: the file is not to blame
                raise
            _raise_if_full(error.output)
            raise RestreamError(
                f"{names}: cannot be converted: {last_reason(error)}", hint="see whether a player plays it"
            ) from error
        # ffmpeg may exit 0 although it could not write everything.
        _raise_if_full(complaints)

    def _join(self, parts: int, length: seam.LoopLayout) -> Path:
        sound = self._work / "sound.flv"
        first_picture = next(tag.timestamp for tag in _tags(sound) if tag.kind == flv.VIDEO)
        priming = seam.priming_frames(first_picture, self._profile) + ffmpeg.OVERLAP
        pictures = (tag for part in range(parts) for tag in _tags(self._work / _part(part)))
        sounds = (tag for tag in _tags(sound) if tag.kind == flv.AUDIO)
        finished = self._work / "finished.flv"
        with finished.open("wb") as file:
            file.write(flv.HEADER)
            for tag in seam.assemble(pictures, sounds, length, self._profile, priming=priming):
                file.write(flv.encode(tag))
            file.flush()
            os.fsync(file.fileno())
        return finished

    def _report(self, fraction: float) -> None:
        if self._progress is not None:
            elapsed = time.monotonic() - self._begun
            self._progress(fraction, elapsed * (1 - fraction) / fraction if fraction > 0 else None)


def _part(number: int) -> str:
    return f"pictures{number}.flv"


def _tags(path: Path) -> Iterator[flv.Tag]:
    reader = flv.Reader()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            yield from reader.feed(data)


def _check_length(source: ffmpeg.InputVideo, frames: int, profile: Profile) -> None:
    if frames < 1:
        raise RestreamError(f"{source.path}: has no picture that can be decoded", hint="copy the video again")
    seconds = float(frames / profile.fps)
    promised = 0.0 if source.is_still else source.promised or 0.0
    if seconds + 1 + promised * _MAY_LACK < promised:
        raise RestreamError(
            f"{source.path}: is damaged: {promised:.0f} s long by its own account, but it ends "
            f"after {seconds:.0f} s",
            hint="copy the video again",
        )


def _raise_if_full(complaints: str) -> None:
    if os.strerror(errno.ENOSPC) in complaints:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
