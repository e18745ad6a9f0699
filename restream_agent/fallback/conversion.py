"""One conversion: turns input files into a finished FLV file, inside one working directory.

It runs the commands of ffmpeg.py and slate.py, and joins their output as seam.py says.
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
"""Takes the fraction that is done (0 to 1) and roughly how many seconds are left, None if unknown."""

STALL = 120.0
"""Seconds without output after which ffmpeg is stopped; it reports its progress twice a second."""

_CHUNK = 1024 * 1024
_MAY_LACK = 0.05
"""A file whose video ends earlier than stated by more than this fraction, and a second, is damaged."""


class Conversion:
    """A conversion's working directory, its target format, and when it began."""

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
        frames = self._encode_video(sources)
        layout = seam.choose(sum(frames), self._profile)
        argv = ffmpeg.encode_audio(sources, frames, layout, self._profile, output="audio.flv")
        self._encode(argv, ", ".join(str(source.path) for source in sources), 0.0, None)
        finished = self._join(len(sources), layout)
        self._report(1.0)
        return finished

    def _draw_slate(self, message: str) -> Path:
        width, height = self._profile.width, self._profile.height
        text = slate.fit_text(message, width, height)
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
                # This ffmpeg has no drawtext filter, or cannot draw the font: show the pause sign alone.
                _raise_if_full(error.output)
                if not has_font or error.hint:
                    raise
        return self._work / "slate.png"

    def _encode_video(self, sources: tuple[ffmpeg.InputVideo, ...]) -> tuple[int, ...]:
        """Encode each input's video and return the numbers of frames, without the spare ones."""
        durations = [ffmpeg.STILL_SECONDS if source.is_still else source.seconds for source in sources]
        total = sum(seconds or 0.0 for seconds in durations) if all(durations) else None
        frames: list[int] = []
        for number, source in enumerate(sources):
            spare = seam.spare_frames(self._profile.fps) if number == len(sources) - 1 else 0
            argv = ffmpeg.encode_video(
                source, self._profile, keyframe=self._keyframe, spare=spare, output=_part(number)
            )
            self._encode(argv, str(source.path), float(sum(frames) / self._profile.fps), total)
            count = sum(tag.is_media for tag in _tags(self._work / _part(number))) - spare
            _check_length(source, count, self._profile)
            frames.append(count)
        return tuple(frames)

    def _encode(self, argv: tuple[str, ...], names: str, before: float, total: float | None) -> None:
        """Run ffmpeg; `before` of the `total` seconds of output are done already."""

        def on_line(line: str) -> None:
            seconds = ffmpeg.seconds_done(line)
            if seconds is not None and total:
                self._report(min(0.99, (before + seconds) / total))

        try:
            output = process.stream(argv, stall=STALL, on_line=on_line, cwd=self._work)
        except CommandError as error:
            if error.hint:  # ffmpeg is missing: the file is not the cause
                raise
            _raise_if_full(error.output)
            raise RestreamError(
                f"{names}: cannot be converted: {last_reason(error)}",
                hint="check whether a video player plays it",
            ) from error
        # ffmpeg may exit 0 although it could not write everything.
        _raise_if_full(output)

    def _join(self, parts: int, layout: seam.LoopLayout) -> Path:
        audio_file = self._work / "audio.flv"
        origin = next(tag.timestamp for tag in _tags(audio_file) if tag.kind == flv.VIDEO)
        priming = seam.priming_frames(origin, self._profile) + ffmpeg.OVERLAP
        video = (tag for part in range(parts) for tag in _tags(self._work / _part(part)))
        audio = (tag for tag in _tags(audio_file) if tag.kind == flv.AUDIO)
        finished = self._work / "finished.flv"
        with finished.open("wb") as file:
            file.write(flv.HEADER)
            for tag in seam.assemble(video, audio, layout, self._profile, priming=priming):
                file.write(flv.encode(tag))
            file.flush()
            os.fsync(file.fileno())
        return finished

    def _report(self, fraction: float) -> None:
        if self._progress is not None:
            elapsed = time.monotonic() - self._begun
            self._progress(fraction, elapsed * (1 - fraction) / fraction if fraction > 0 else None)


def _part(number: int) -> str:
    return f"video{number}.flv"


def _tags(path: Path) -> Iterator[flv.Tag]:
    reader = flv.Reader()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            yield from reader.feed(data)


def _check_length(source: ffmpeg.InputVideo, frames: int, profile: Profile) -> None:
    if frames < 1:
        raise RestreamError(f"{source.path}: has no picture that can be decoded", hint="copy the video again")
    seconds = float(frames / profile.fps)
    stated = 0.0 if source.is_still else source.video_seconds or 0.0
    if seconds + 1 + stated * _MAY_LACK < stated:
        raise RestreamError(
            f"{source.path}: is damaged: it states a length of {stated:.0f} s, but it ends "
            f"after {seconds:.0f} s",
            hint="copy the video again",
        )


def _raise_if_full(output: str) -> None:
    if os.strerror(errno.ENOSPC) in output:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
