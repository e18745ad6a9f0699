"""The fallback videos on this machine: which one is played, and making it when it is missing."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File, Link
from restream_agent.base.files import locate, write
from restream_agent.config.model import Config
from restream_agent.fallback import ffprobe, store
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.fallback.profile import DEFAULT, Profile, from_ffprobe, from_json

log = logging.getLogger(__name__)

_PROBE_TIMEOUT = 20.0
"""Seconds. A stream that has just begun shows its parameters at its second keyframe at the latest."""


@dataclass(frozen=True)
class Wanted:
    """What the configuration says of the fallback; `profile` None means: as OBS last sent.

    `keyframe` is in seconds, `live_url` what a stream's name is appended to.
    """

    videos: tuple[Path, ...]
    message: str
    keyframe: float
    profile: Profile | None
    live_url: str

    @classmethod
    def read(cls) -> "Wanted":
        """Read the settings that apply has installed; RestreamError if they are not there or damaged."""
        try:
            return cls.parse(Path(paths.FALLBACK_SETTINGS).read_text())
        except OSError as error:
            raise RestreamError(
                f"{paths.FALLBACK_SETTINGS}: {error.strerror}", hint="restream-agent apply"
            ) from error

    @classmethod
    def parse(cls, text: str) -> "Wanted":
        """Read what render.py made; RestreamError if it is damaged."""
        try:
            values = json.loads(text)
            profile = values["profile"] and from_json(values["profile"])
            videos = tuple(map(Path, values["videos"]))
            return cls(videos, values["message"], values["keyframe"], profile, values["live_url"])
        except (ValueError, KeyError, TypeError) as error:
            raise RestreamError(f"{paths.FALLBACK_SETTINGS}: {error}", hint="restream-agent apply") from error


def check(config: Config, source: str) -> None:
    """Raise ConfigError with each video that cannot be played, and why."""
    problems = []
    for path in config.fallback.video:
        try:
            ffprobe.inspect(path)
        except RestreamError as error:
            problems.append(Problem(source, 0, "fallback.video", error.message, error.hint))
        else:
            if not path.stat().st_mode & 0o004:
                reason = f"{path}: is not readable by the user restream, who matches it to OBS's stream"
                problems.append(Problem(source, 0, "fallback.video", reason, f"chmod o+r {path}"))
    if problems:
        raise ConfigError(tuple(problems))


def prepare(wanted: Wanted, root: Path, progress: ProgressCallback | None = None) -> Path:
    """Make what is missing of the fallback video and the slate, and have the program use them.

    Returns the prepared file. Raises RestreamError with the file's name and the reason; what was in
    use before stays in use.
    """
    directory = locate(root, paths.FALLBACK_DIRECTORY)
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    found = []
    for videos, name in (((), paths.FALLBACK_SLATE), (wanted.videos, paths.FALLBACK_CURRENT)):
        prepared = prepare_file(wanted, videos, root, progress)
        found.append(prepared)
        _point(root, name, prepared)
    store.prune(directory, keep=set(found))
    return found[-1]


def prepare_file(
    wanted: Wanted, videos: tuple[Path, ...], root: Path, progress: ProgressCallback | None = None
) -> Path:
    """Make the prepared file for these videos, or find the one made before; RestreamError as `prepare`."""
    return store.prepare(
        videos,
        message=wanted.message,
        profile=wanted.profile or live_profile(root),
        keyframe=wanted.keyframe,
        directory=locate(root, paths.FALLBACK_DIRECTORY),
        progress=progress,
    )


def live_profile(root: Path) -> Profile:
    """Return what OBS last sent, DEFAULT before the first broadcast."""
    try:
        return from_json(locate(root, paths.LIVE_PROFILE).read_text())
    except FileNotFoundError:
        return DEFAULT


def learn(wanted: Wanted, stream: str) -> Profile:
    """Look at the stream that is being published, and keep its profile for the fallback to match.

    RestreamError if it cannot be looked at, or is nothing that a fallback can be made to match.
    """
    profile = from_ffprobe(ffprobe.probe(f"{wanted.live_url}{stream}", timeout=_PROBE_TIMEOUT))
    if profile != live_profile(Path("/")):
        write(Path("/"), paths.LIVE_PROFILE, File(profile.to_json() + "\n"))
        log.info("OBS sends %s, the fallback will match it", profile.label())
    return profile


def _point(root: Path, name: str, prepared: Path) -> None:
    place = locate(root, name)
    if not place.is_symlink() or place.readlink() != Path(prepared.name):
        write(root, name, Link(prepared.name))
        log.info("fallback: %s is now %s", place.name, prepared.name)
