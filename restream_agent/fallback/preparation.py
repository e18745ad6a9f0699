"""The fallback videos of a channel: which one its program plays, and how a missing one is made."""

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from restream_agent.base import paths, rights
from restream_agent.base.channel_paths import MAIN_PATHS, ChannelPaths
from restream_agent.base.errors import Problem, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.files import locate, write
from restream_agent.base.process import run
from restream_agent.config.channels import channel_configs
from restream_agent.config.model import Config
from restream_agent.fallback import ffprobe, links, slate, store
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.fallback.profile import DEFAULT, Profile, from_json, from_live, from_record
from restream_agent.systemd import systemctl, unit_names
from restream_agent.systemd.transient import run_confined
from restream_agent.wire import records
from restream_agent.wire.settings import FallbackSettings
from restream_agent.wire.status_report import LiveStatus

log = logging.getLogger(__name__)

_HIDDEN = ("/tmp/", "/var/tmp/")  # noqa: S108 - what the sandbox of the preparation unit hides

_LARGEST_PROFILE = 4096
"""Bytes. Apply reads the profile as root, and its directory belongs to the preparation's user."""


def read_settings(places: ChannelPaths = MAIN_PATHS) -> FallbackSettings:
    """Read the settings that apply has installed; RestreamError if they are missing or damaged."""
    file = places.fallback_settings
    try:
        return parse_settings(Path(file).read_text(), file)
    except OSError as error:
        raise RestreamError(f"{file}: {error.strerror}", hint="restream-agent apply") from error


def parse_settings(text: str, source: str = MAIN_PATHS.fallback_settings) -> FallbackSettings:
    """Read the text of fallback.json; RestreamError if it is damaged."""
    try:
        return records.parse(FallbackSettings, text)
    except (ValueError, TypeError) as error:
        raise RestreamError(f"{source}: {error}", hint="restream-agent apply") from error


def problems(config: Config, source: str) -> tuple[Problem, ...]:
    """Return a problem for each video that cannot be played, with the reason; one of a list has its index.

    Root has ffprobe run as the user of the preparation unit: that unit converts the video later.
    """
    is_confined = os.geteuid() == 0 and systemctl.is_running()
    runner = partial(run_confined, user=unit_names.PREPARE_USER) if is_confined else run
    found = []
    for key, path in videos_by_key(config).items():
        try:
            ffprobe.check_readable(path)
            _require_access(path)
            ffprobe.inspect(path, runner=runner)
        except RestreamError as error:
            found.append(Problem(source, 0, key, error.message, error.hint))
    return tuple(found)


def videos_by_key(config: Config) -> dict[str, Path]:
    """Return each video that the TOML names by its key, which has the video's index in the list."""
    named = ((table, *numbered) for table, videos in _videos(config) for numbered in enumerate(videos))
    return {f"{table}.video[{index}]": path for table, index, path in named}


def _videos(config: Config) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Yield table and videos wherever the TOML names videos; a channel without has those of the top."""
    yield "fallback", config.fallback.video
    for name, table in config.channels.items():
        if "video" in table.fallback.model_fields_set:
            yield f"channels.{name}.fallback", table.fallback.video


def remarks(config: Config, source: str) -> tuple[Problem, ...]:
    """Return a warning for each slate that, where it is the fallback, would show boxes instead of letters."""
    warnings = []
    for channel, each in channel_configs(config).items():
        missing = "" if each.fallback.video else slate.missing_letters(each.fallback.message)
        if missing:
            message = f"no font of this machine has {' '.join(missing)}: the slate shows boxes there"
            hint = "apt install fonts-noto-cjk for Chinese, Japanese and Korean; emoji cannot be drawn"
            is_own = not channel.is_main and each.fallback.message != config.fallback.message
            table = f"channels.{channel.name}.fallback" if is_own else "fallback"
            warnings.append(Problem(source, 0, f"{table}.message", message, hint))
    return tuple(dict.fromkeys(warnings))


def _require_access(path: Path) -> None:
    """Raise RestreamError unless the preparation unit can read a file that exists."""
    user = unit_names.PREPARE_USER
    if str(path.resolve()).startswith(_HIDDEN):
        raise RestreamError(
            f"{path}: {unit_names.PREPARE_UNIT} has a /tmp of its own and does not see this one",
            hint="move the video, for example to /srv",
        )
    stop = rights.obstacle(path, rights.PosixUser.named(user))
    if stop is not None:
        verb, right = ("read", "o+r") if stop == path.resolve() else ("enter", "o+x")
        raise RestreamError(
            f"{path}: the user {user}, who converts it, may not {verb} {stop}",
            hint=f"move the video, for example to /srv, or chmod {right} {stop}",
        )


def prepare(
    settings: FallbackSettings,
    root: Path,
    progress: ProgressCallback | None = None,
    places: ChannelPaths = MAIN_PATHS,
) -> Path:
    """Make the fallback video and the slate, whichever is missing, and have the channel's program use them.

    Returns the prepared video. Raises RestreamError with the file's name and the reason; the program then
    keeps using the files it had.
    """
    directory = locate(root, paths.FALLBACK_DIRECTORY)
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    store.adopt(directory)
    links.make_directory(root, places)
    prepared = directory
    for videos, name in _in_use(settings, places):
        prepared = prepare_file(settings, videos, root, progress, places)
        links.point(root, name, prepared)
    links.forget_removed_channels(root)
    in_use = links.in_use(root)
    store.prune(directory, keep=set(in_use.files), channels=in_use.channels)
    return prepared


def is_prepared(settings: FallbackSettings, root: Path, places: ChannelPaths = MAIN_PATHS) -> bool:
    """Whether `prepare` would change nothing. Root may ask: nothing is written, and no video is decoded."""
    try:
        profile = _profile(settings, root, places)
        for videos, name in _in_use(settings, places):
            expected = store.prepared_name(videos, settings.message, profile, settings.keyframe)
            if not links.leads_to(root, name, expected):
                return False
    except (OSError, RestreamError):
        return False
    return True


def _in_use(settings: FallbackSettings, places: ChannelPaths) -> tuple[tuple[tuple[Path, ...], str], ...]:
    """Return what the program plays: the videos of each prepared file, and the link to that file."""
    videos = tuple(map(Path, settings.videos))
    return (((), places.fallback_slate), (videos, places.fallback_current))


def prepare_for_later(
    settings: FallbackSettings,
    file: Path,
    root: Path,
    progress: ProgressCallback | None = None,
    places: ChannelPaths = MAIN_PATHS,
) -> Path:
    """Return the prepared file for a video that the TOML does not name yet, and have it kept."""
    prepared = prepare_file(settings, (file,), root, progress, places)
    store.keep(prepared)
    return prepared


def prepare_file(
    settings: FallbackSettings,
    videos: tuple[Path, ...],
    root: Path,
    progress: ProgressCallback | None = None,
    places: ChannelPaths = MAIN_PATHS,
) -> Path:
    """Return the prepared file for these videos, made now if it is missing; RestreamError as `prepare`."""
    return store.prepare(
        videos,
        message=settings.message,
        profile=_profile(settings, root, places),
        keyframe=settings.keyframe,
        directory=locate(root, paths.FALLBACK_DIRECTORY),
        progress=progress,
    )


def _profile(settings: FallbackSettings, root: Path, places: ChannelPaths) -> Profile:
    """Return the profile that the fallback is made for; RestreamError if the settings' one is damaged.

    The codecs are those of OBS in any case: a relay cannot change them while it is connected.
    """
    live = live_profile(root, places)
    if settings.profile is None:
        return live
    try:
        fixed = from_record(settings.profile)
        return replace(fixed, video_codec=live.video_codec, audio_codec=live.audio_codec)
    except ValueError as error:
        reason = f"{places.fallback_settings}: profile.{error}"
        raise RestreamError(reason, hint="restream-agent apply") from error


def live_profile(root: Path, places: ChannelPaths = MAIN_PATHS) -> Profile:
    """Return the profile of OBS's last stream, DEFAULT before the first broadcast."""
    file = places.live_profile
    try:
        return from_json(rights.read_regular(locate(root, file), _LARGEST_PROFILE).decode())
    except FileNotFoundError:
        return DEFAULT
    except UnicodeDecodeError as error:
        raise RestreamError(f"{file} is not UTF-8 text") from error


def learn(live: LiveStatus, places: ChannelPaths = MAIN_PATHS) -> Profile:
    """Keep the profile of the stream that is being published, for the fallback to match; return it.

    Raises RestreamError if no fallback can match it.
    """
    previous = live_profile(Path("/"), places)
    profile = from_live(live, previous)
    if profile != previous:
        links.make_directory(Path("/"), places)
        write(Path("/"), places.live_profile, File(profile.to_json() + "\n"))
        log.info("OBS sends %s, the fallback will match it", profile.label())
    return profile
