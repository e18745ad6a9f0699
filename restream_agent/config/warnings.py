"""Warnings about a valid TOML file: settings that are risky or will not work as intended."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from restream_agent.base import secret_text
from restream_agent.base.errors import Problem
from restream_agent.config import notify
from restream_agent.config.channels import channel_configs
from restream_agent.config.document import Document
from restream_agent.config.keys import dotted
from restream_agent.config.model import Config
from restream_agent.config.platform import Platform
from restream_agent.config.presets import Preset, completed_url
from restream_agent.config.relays import channel_path
from restream_agent.config.table import SecretRef
from restream_agent.config.toml_lines import KeyPath
from restream_agent.config.values import names_stream
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.time_spans import format_span

UNGUESSABLE = 12
"""Characters. At a thousand guesses a second, 12 random letters and digits take 10^11 years to find; 6 take
a year."""

GUESSABLE = ("is short enough to be guessed", f"{secret_text.NEW_KEY} makes a longer key")
"""The warning, as (message, hint), of an ingest key that is shorter."""

Remark = tuple[KeyPath, str, str]  # where, message, hint


def warnings(config: Config, document: Document) -> tuple[Problem, ...]:
    """Return the warnings in the order of the files and their lines; no warning shows a secret.

    `document` is what `config` was loaded from.
    """
    remarks = [
        *(remark for each in channel_configs(config).values() for remark in channel_remarks(each)),
        *message_remarks(config),
        *shared_key_remarks(config, document),
        *notify.remarks(config.notify),
    ]
    problems = (document.problem(path, message, hint, rule="") for path, message, hint in remarks)
    return document.in_order(problems)


def channel_remarks(config: Config) -> Iterator[Remark]:
    """Warn of what one channel says, which may be the only one."""
    yield from ingest_remarks(config)
    at = channel_path(config.channel)
    enabled = {name: platform for name, platform in config.platforms.items() if platform.enabled}
    if not enabled and not config.channel.others:
        table = dotted((*at, "platforms"))
        yield (*at, "platforms"), "no platform is enabled: nothing will be sent", f"add [{table}.NAME]"
    for name, platform in config.platforms.items():
        place = (*at, "platforms", name)
        yield from key_remarks(place, config.channel.relay(name), platform)
        if name in enabled:
            yield from address_remarks((*place, "url"), platform)
            yield from preset_remarks(config, name, platform)


def message_remarks(config: Config) -> Iterator[Remark]:
    """Warn of a channel's message that is hardly shown, as the channel has the video of the top."""
    for name, channel in config.channels.items():
        written = channel.fallback.model_fields_set
        if config.fallback.video and "message" in written and "video" not in written:
            path = (*channel_path(Channel(name)), "fallback", "message")
            message = "is shown only while the video of [fallback] cannot be, which the channel has too"
            yield path, message, "add video = [] to show the message, or a video of the channel's own"


def shared_key_remarks(config: Config, document: Document) -> Iterator[Remark]:
    """Warn of channels whose publishers have the same key; a copied table is easily left with it."""
    owners = dict[SecretRef, Channel]()
    for each in channel_configs(config).values():
        key, channel = each.ingest.key, each.channel
        owner = channel if key is None else owners.setdefault(key, channel)
        if owner is not channel:
            line = document.problem(ingest_key_path(owner), "").line
            message = (
                f"is the key of {owner.name}, too (line {line}): whoever may send to one of them may send"
            )
            yield ingest_key_path(channel), f"{message} to the other", "give each channel a key of its own"


def ingest_key_path(channel: Channel) -> KeyPath:
    """Return where the TOML has the key of a channel's publishers."""
    return ("ingest", "key") if channel.is_main else (*channel_path(channel), "key")


def ingest_remarks(config: Config) -> Iterator[Remark]:
    """Warn of an ingest server that strangers may send to."""
    key, listen, channel = config.ingest.key, config.ingest.listen, config.channel
    path = ingest_key_path(channel)
    if key is not None and key.plain is not None:
        yield (
            path,
            "is written in the clear",
            clear_hint("ingest" if channel.is_main else f"ingest-{channel.name}"),
        )
        if len(key.plain.get_secret_value()) < UNGUESSABLE:
            yield path, *GUESSABLE
    if key is None and not IPv4Address(listen.rsplit(":", 1)[0]).is_loopback:
        hint = 'set a key, or listen = "127.0.0.1:1935"'
        yield path, f"anyone who reaches {listen} can broadcast", hint


def preset_remarks(config: Config, name: str, platform: Platform) -> Iterator[Remark]:
    """Warn of what a platform does not take."""
    preset, at = platform.known_preset, channel_path(config.channel)
    if preset is not None:
        yield from hold_remarks(config, name, preset)
        yield from video_remarks((*at, "platforms", name, "video"), platform, preset)
        yield from fallback_remarks(config, name, platform, preset)


def key_remarks(place: KeyPath, name: str, platform: Platform) -> Iterator[Remark]:
    """Warn of keys that everyone who reads the file, or ffmpeg's command line, can see."""
    if platform.key is not None and platform.key.plain is not None:
        yield (*place, "key"), "is written in the clear", clear_hint(name)
        if secret_text.is_like_url(platform.key.plain.get_secret_value()):
            yield (*place, "key"), *secret_text.URL_LIKE
    if platform.key is None and platform.url is not None and names_stream(platform.url):
        hint = f"end the URL after the application; {clear_hint(name)}"
        yield (*place, "url"), "ends in a key, written in the clear", hint
    elif platform.url is not None and "?" in platform.url:
        message = "every user of this machine can read what follows the ?, on ffmpeg's command line"
        hint = "if a platform needs a secret there, write it at the end of the key: KEY?name=value"
        yield (*place, "url"), message, hint


def clear_hint(name: str) -> str:
    """Return how to keep a key out of the file."""
    return f'store it with `restream-agent secret set {name}` and write key = {{ credential = "{name}" }}'


def address_remarks(path: KeyPath, platform: Platform) -> Iterator[Remark]:
    """Warn of an incomplete or unsuitable URL, without showing it: it may hold a password."""
    if platform.url is not None and completed_url(platform.url) != platform.url:
        yield path, "has no port and no application: :443/app is added", "add :443/app to it"
        return
    preset = platform.known_preset
    if preset is not None and preset.rtmps_only and platform.address.startswith("rtmp://"):
        yield path, f"{preset.title} accepts rtmps:// only", "write rtmps:// and port 443"


def hold_remarks(config: Config, name: str, preset: Preset) -> Iterator[Remark]:
    """Warn of a hold that is longer than the platform's longest broadcast."""
    hold, longest = config.fallback.hold, preset.longest_broadcast_h
    if longest is not None and (hold is None or hold > longest * 3600):
        message = f"{preset.title} ({name}) ends a broadcast after {longest:g} hours"
        yield (
            fallback_path(config, "hold"),
            message,
            f'a hold of more than "{longest:g}h" has no effect there',
        )


def video_remarks(path: KeyPath, platform: Platform, preset: Preset) -> Iterator[Remark]:
    """Warn of a video encoding that exceeds the platform's limits."""
    video = platform.video
    if video is None:
        return
    if preset.keyframe_max_s is not None and video.keyframe > preset.keyframe_max_s:
        yield (*path, "keyframe"), keyframe_message(preset), ""
    if preset.max_video_kbps is not None and video.bitrate > preset.max_video_kbps * 1000:
        yield (*path, "bitrate"), f"{preset.title} accepts at most {preset.max_video_kbps}k of video", ""
    if preset.max_fps is not None and video.fps is not None and video.fps > preset.max_fps:
        yield (*path, "fps"), f"{preset.title} accepts at most {preset.max_fps} frames a second", ""


def fallback_remarks(config: Config, name: str, platform: Platform, preset: Preset) -> Iterator[Remark]:
    """Warn of too rare keyframes in the fallback, where a platform receives it unchanged."""
    longest = preset.keyframe_max_s
    if platform.video is None and longest is not None and config.fallback.keyframe > longest:
        yield (
            fallback_path(config, "keyframe"),
            keyframe_message(preset),
            f"{name} receives the fallback unchanged",
        )


def fallback_path(config: Config, key: str) -> KeyPath:
    """Return where a channel's `fallback` is in the TOML."""
    return (*channel_path(config.channel), "fallback", key)


def keyframe_message(preset: Preset) -> str:
    """Return the message that names a preset's longest keyframe interval."""
    longest = format_span(preset.keyframe_max_s or 0)
    return f"{preset.title} asks for a keyframe every {longest} or more often"
