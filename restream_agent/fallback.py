"""The fallback videos on this machine: which one is played, and making it when it is missing."""

import logging
from fractions import Fraction
from pathlib import Path

from restream_agent import media, paths, probe
from restream_agent.config import Config
from restream_agent.errors import ConfigError, Problem, RestreamError
from restream_agent.files import locate, write
from restream_agent.media import Report
from restream_agent.profile import DEFAULT, Profile, from_json
from restream_agent.tree import Link

log = logging.getLogger(__name__)


def wanted_profile(config: Config, root: Path) -> Profile:
    """Return what the prepared video has to look like: as configured, else as OBS last sent."""
    match = config.fallback.match
    if match is not None:
        return Profile(
            width=match.width,
            height=match.height,
            fps=Fraction(match.fps).limit_denominator(1001),
            h264_profile=match.profile,
            sample_rate=match.sample_rate,
            channels=match.channels,
        )
    try:
        return from_json(locate(root, paths.LIVE_PROFILE).read_text())
    except FileNotFoundError:
        return DEFAULT


def check(config: Config, source: str) -> None:
    """Raise ConfigError with each video that cannot be played, and why."""
    problems = []
    for path in config.fallback.video:
        try:
            probe.inspect(path)
        except RestreamError as error:
            problems.append(Problem(source, 0, "fallback.video", error.message, error.hint))
    if problems:
        raise ConfigError(tuple(problems))


def prepare(config: Config, root: Path, progress: Report | None = None) -> Path:
    """Make what is missing of the fallback video and the slate, and have the program use them.

    Returns the prepared file. Raises RestreamError with the file's name and the reason; what was in
    use before stays in use.
    """
    directory = locate(root, paths.FALLBACK_DIRECTORY)
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    profile = wanted_profile(config, root)
    found = []
    for sources, name in ((config.fallback.video, paths.FALLBACK_CURRENT), ((), paths.FALLBACK_SLATE)):
        prepared = media.prepare(
            sources,
            message=config.fallback.message,
            profile=profile,
            keyframe=config.fallback.keyframe,
            directory=directory,
            progress=progress,
        )
        found.append(prepared)
        _point(root, name, prepared)
    media.prune(directory, keep=set(found))
    return found[0]


def _point(root: Path, name: str, prepared: Path) -> None:
    place = locate(root, name)
    if not place.is_symlink() or place.readlink() != Path(prepared.name):
        write(root, name, Link(prepared.name))
        log.info("fallback: %s is now %s", place.name, prepared.name)
