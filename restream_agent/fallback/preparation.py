"""The fallback videos on this machine: which one the program plays, and how a missing one is made."""

import logging
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File, Link
from restream_agent.base.files import locate, write
from restream_agent.config.model import Config
from restream_agent.fallback import ffprobe, store
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.fallback.profile import DEFAULT, Profile, from_ffprobe, from_json, from_record
from restream_agent.wire import records
from restream_agent.wire.settings import FallbackSettings

log = logging.getLogger(__name__)

_PROBE_TIMEOUT = 20.0
"""Seconds. A new stream shows its parameters at its second keyframe at the latest."""


def read_settings() -> FallbackSettings:
    """Read the settings that apply has installed; RestreamError if they are missing or damaged."""
    try:
        return parse_settings(Path(paths.FALLBACK_SETTINGS).read_text())
    except OSError as error:
        raise RestreamError(
            f"{paths.FALLBACK_SETTINGS}: {error.strerror}", hint="restream-agent apply"
        ) from error


def parse_settings(text: str) -> FallbackSettings:
    """Read the text of fallback.json; RestreamError if it is damaged."""
    try:
        return records.parse(FallbackSettings, text)
    except (ValueError, TypeError) as error:
        raise RestreamError(f"{paths.FALLBACK_SETTINGS}: {error}", hint="restream-agent apply") from error


def check(config: Config, source: str) -> None:
    """Raise ConfigError with each video that cannot be played, and the reason."""
    problems = []
    for path in config.fallback.video:
        try:
            ffprobe.inspect(path)
        except RestreamError as error:
            problems.append(Problem(source, 0, "fallback.video", error.message, error.hint))
        else:
            if not path.stat().st_mode & 0o004:
                reason = f"{path}: is not readable by the user restream, which matches it to OBS's stream"
                problems.append(Problem(source, 0, "fallback.video", reason, f"chmod o+r {path}"))
    if problems:
        raise ConfigError(tuple(problems))


def prepare(settings: FallbackSettings, root: Path, progress: ProgressCallback | None = None) -> Path:
    """Make the fallback video and the slate, whichever is missing, and have the program use them.

    Returns the prepared video. Raises RestreamError with the file's name and the reason; the program then
    keeps using the files it had.
    """
    directory = locate(root, paths.FALLBACK_DIRECTORY)
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    in_use = []
    for videos, name in (((), paths.FALLBACK_SLATE), (settings.videos, paths.FALLBACK_CURRENT)):
        prepared = prepare_file(settings, tuple(map(Path, videos)), root, progress)
        in_use.append(prepared)
        _point(root, name, prepared)
    store.prune(directory, keep=set(in_use))
    return in_use[-1]


def prepare_file(
    settings: FallbackSettings,
    videos: tuple[Path, ...],
    root: Path,
    progress: ProgressCallback | None = None,
) -> Path:
    """Return the prepared file for these videos, made now if it is missing; RestreamError as `prepare`."""
    return store.prepare(
        videos,
        message=settings.message,
        profile=_profile(settings, root),
        keyframe=settings.keyframe,
        directory=locate(root, paths.FALLBACK_DIRECTORY),
        progress=progress,
    )


def _profile(settings: FallbackSettings, root: Path) -> Profile:
    """Return the profile that the fallback is made for; RestreamError if the settings' one is damaged."""
    if settings.profile is None:
        return live_profile(root)
    try:
        return from_record(settings.profile)
    except ValueError as error:
        reason = f"{paths.FALLBACK_SETTINGS}: profile.{error}"
        raise RestreamError(reason, hint="restream-agent apply") from error


def live_profile(root: Path) -> Profile:
    """Return the profile of OBS's last stream, DEFAULT before the first broadcast."""
    try:
        return from_json(locate(root, paths.LIVE_PROFILE).read_text())
    except FileNotFoundError:
        return DEFAULT


def learn(settings: FallbackSettings, stream: str) -> Profile:
    """Probe the stream that is being published, and keep its profile for the fallback to match.

    Returns the profile. Raises RestreamError if the stream cannot be probed, or if no fallback can match it.
    """
    profile = from_ffprobe(ffprobe.probe(f"{settings.live_url}{stream}", timeout=_PROBE_TIMEOUT))
    if profile != live_profile(Path("/")):
        write(Path("/"), paths.LIVE_PROFILE, File(profile.to_json() + "\n"))
        log.info("OBS sends %s, the fallback will match it", profile.label())
    return profile


def _point(root: Path, name: str, prepared: Path) -> None:
    link = locate(root, name)
    if not link.is_symlink() or link.readlink() != Path(prepared.name):
        write(root, name, Link(prepared.name))
        log.info("fallback: %s is now %s", link.name, prepared.name)
