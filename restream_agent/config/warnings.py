"""What a valid TOML file still deserves a word about."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from restream_agent.base.errors import Problem
from restream_agent.config import notify
from restream_agent.config.model import Config
from restream_agent.config.platform import Platform
from restream_agent.config.presets import Preset, completed_url
from restream_agent.config.problems import dotted
from restream_agent.config.toml_lines import KeyPath, line_of
from restream_agent.config.values import names_stream
from restream_agent.systemd.time_spans import format_span

Remark = tuple[KeyPath, str, str]  # where, message, hint


def warnings(config: Config, source: str, text: str) -> tuple[Problem, ...]:
    """List what is risky or will not work as meant, in the order of the file's lines.

    `source` and `text` are what `config` was loaded from. No warning shows a secret.
    """
    remarks = [
        *ingest_remarks(config),
        *platforms_remarks(config),
        *notify.remarks(config.notify),
    ]
    problems = [
        Problem(source, line_of(text, path), dotted(path), message, hint) for path, message, hint in remarks
    ]
    return tuple(sorted(problems, key=lambda each: each.line))


def ingest_remarks(config: Config) -> Iterator[Remark]:
    """Look at who may send to the ingest server."""
    key, listen = config.ingest.key, config.ingest.listen
    if key is not None and key.plain is not None:
        yield ("ingest", "key"), "is written in the clear", clear_hint("ingest")
    if key is None and not IPv4Address(listen.rsplit(":", 1)[0]).is_loopback:
        hint = 'set a key, or listen = "127.0.0.1:1935"'
        yield ("ingest", "key"), f"anyone who reaches {listen} can broadcast", hint


def platforms_remarks(config: Config) -> Iterator[Remark]:
    """Look at every enabled platform."""
    enabled = {name: platform for name, platform in config.platforms.items() if platform.enabled}
    if not enabled:
        yield ("platforms",), "no platform is enabled: nothing will be sent", "add [platforms.NAME]"
    for name, platform in config.platforms.items():
        yield from key_remarks(name, platform)
    for name, platform in enabled.items():
        yield from address_remarks(name, platform)
        if platform.known is not None:
            yield from hold_remarks(config, name, platform.known)
            yield from video_remarks(name, platform, platform.known)
            yield from fallback_remarks(config, name, platform, platform.known)


def key_remarks(name: str, platform: Platform) -> Iterator[Remark]:
    """Look for keys that whoever reads the file can see."""
    if platform.key is not None and platform.key.plain is not None:
        yield ("platforms", name, "key"), "is written in the clear", clear_hint(name)
    if platform.key is None and platform.url is not None and names_stream(platform.url):
        hint = f"end it after the application; {clear_hint(name)}"
        yield ("platforms", name, "url"), "ends in a key, written in the clear", hint
    elif platform.url is not None and "?" in platform.url:
        hint = "if a platform wants a secret there, write it at the end of the key: KEY?name=value"
        yield (
            ("platforms", name, "url"),
            "what follows the ? is on ffmpeg's command line, for all to see",
            hint,
        )


def clear_hint(name: str) -> str:
    """Say how a key is kept out of the file."""
    return f'store it with `restream-agent secret` and write key = {{ credential = "{name}" }}'


def address_remarks(name: str, platform: Platform) -> Iterator[Remark]:
    """Look at where the program is sent; never shows the URL, which may hold a password."""
    path = ("platforms", name, "url")
    if platform.url is not None and completed_url(platform.url) != platform.url:
        yield path, "lacks the port and the application: completed with :443/app", "add :443/app to it"
    elif platform.known and platform.known.rtmps_only and platform.address.startswith("rtmp://"):
        yield path, f"{platform.known.title} takes rtmps:// only", "write rtmps:// and port 443"


def hold_remarks(config: Config, name: str, preset: Preset) -> Iterator[Remark]:
    """Compare how long the fallback may go on with the platform's longest broadcast."""
    hold, longest = config.fallback.hold, preset.longest_broadcast_h
    if longest is not None and (hold is None or hold > longest * 3600):
        message = f"{preset.title} ({name}) ends a broadcast after {longest:g} hours"
        yield ("fallback", "hold"), message, f'at most "{longest:g}h" has an effect there'


def video_remarks(name: str, platform: Platform, preset: Preset) -> Iterator[Remark]:
    """Compare a platform's own encoding with its limits."""
    video, path = platform.video, ("platforms", name, "video")
    if video is None:
        return
    if preset.keyframe_max_s is not None and video.keyframe > preset.keyframe_max_s:
        yield (*path, "keyframe"), keyframe_message(preset), ""
    if preset.max_video_kbps is not None and video.bitrate > preset.max_video_kbps * 1000:
        yield (*path, "bitrate"), f"{preset.title} takes at most {preset.max_video_kbps}k of video", ""
    if preset.max_fps is not None and video.fps is not None and video.fps > preset.max_fps:
        yield (*path, "fps"), f"{preset.title} takes at most {preset.max_fps} frames a second", ""


def fallback_remarks(config: Config, name: str, platform: Platform, preset: Preset) -> Iterator[Remark]:
    """Compare the fallback, where it is sent as it is, with the platform's limit."""
    longest = preset.keyframe_max_s
    if platform.video is None and longest is not None and config.fallback.keyframe > longest:
        yield ("fallback", "keyframe"), keyframe_message(preset), f"it is sent to {name} as it is"


def keyframe_message(preset: Preset) -> str:
    """State a preset's longest keyframe interval."""
    longest = format_span(preset.keyframe_max_s or 0)
    return f"{preset.title} asks for a keyframe every {longest} or more often"
