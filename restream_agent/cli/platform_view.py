"""Platforms and presets as tables, and as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from restream_agent.base.errors import RestreamError
from restream_agent.base.one_line import printable
from restream_agent.base.secret_text import LOOKS_LIKE_A_KEY, MASK
from restream_agent.cli.paint import columns
from restream_agent.config.complaints import closest
from restream_agent.config.presets import Preset, presets
from restream_agent.systemd.time_spans import format_span

if TYPE_CHECKING:
    from restream_agent.config.platform import Transcode
    from restream_agent.deploy.platforms import PlatformRow


def table(rows: "tuple[PlatformRow, ...]") -> str:
    """Return a line for each platform; the channel is a column where there are several."""
    if not rows:
        return (
            "no platform yet: restream-agent platform add NAME (restream-agent platform presets lists names)"
        )
    has_channels = len({row.channel for row in rows}) > 1
    heads = [*(["CHANNEL"] if has_channels else []), "NAME", "STATE", "SENDS TO", "VIDEO", "KEY"]
    lines = [
        [
            *([row.channel] if has_channels else []),
            row.name,
            "enabled" if row.enabled else "disabled",
            _target(row),
            _video(row.video),
            _key(row),
        ]
        for row in rows
    ]
    return _aligned([heads, *lines])


def rows_as_json(rows: "tuple[PlatformRow, ...]") -> str:
    """Return a JSON array with an object for each platform; no object holds a key."""
    objects = [asdict(row) | {"video": None if row.video is None else row.video.model_dump()} for row in rows]
    return json.dumps(objects, indent=2)


def _target(row: "PlatformRow") -> str:
    words = row.title or row.address
    return f"{words} and its backup" if row.backup else words


def _video(video: "Transcode | None") -> str:
    if video is None:
        return "as OBS sends it"
    size = "" if video.height is None else f"{video.height}p "
    rate = "" if video.fps is None else f"{video.fps:g} fps "
    return f"{size}{rate}{_kilobits(video.bitrate // 1000)}"


def _key(row: "PlatformRow") -> str:
    if row.key == "plain":
        return f"in the TOML (restream-agent platform set {row.name} --key stores it)"
    if row.key == "file":
        return row.key_name
    if row.is_stored is False and row.key_name == MASK:
        return f"missing: {LOOKS_LIKE_A_KEY}"
    if row.is_stored is False:
        return f"missing: restream-agent secret set {row.key_name}"
    return f"{row.key_name}, stored" if row.is_stored else row.key_name


def chosen_presets(name: str | None) -> tuple[Preset, ...]:
    """Return every preset, or that of a name; RestreamError, with the closest name, if there is none."""
    known = presets()
    if name is None:
        return tuple(known.values())
    if name in known:
        return (known[name],)
    near = closest(name, tuple(known))
    hint = f"did you mean {near}?" if near else "restream-agent platform presets lists them"
    raise RestreamError(f"there is no preset {printable(name, instead='?')}", hint=hint)


def preset_table(chosen: tuple[Preset, ...]) -> str:
    """Return a line for each preset: its name, its address, and the most that it accepts."""
    heads = ["PRESET", "PLATFORM", "ADDRESS", "VIDEO", "KEYFRAMES"]
    lines = [
        [
            preset.name,
            preset.title,
            _address(preset),
            "" if preset.max_video_kbps is None else f"up to {_kilobits(preset.max_video_kbps)}",
            "" if preset.keyframe_max_s is None else f"every {format_span(preset.keyframe_max_s)}",
        ]
        for preset in chosen
    ]
    return _aligned([heads, *lines])


def _address(preset: Preset) -> str:
    if preset.url is not None:
        return preset.url
    return "yours, or a server" if preset.servers else "yours: give --url"


def details(preset: Preset) -> str:
    """Return all that is known of a preset, a line for each fact, then its servers."""
    facts = [
        ("platform", preset.title),
        ("address", _address(preset)),
        ("backup", preset.backup_url or ""),
        ("video", "" if preset.max_video_kbps is None else f"up to {_kilobits(preset.max_video_kbps)}"),
        ("sound", "" if preset.max_audio_kbps is None else f"up to {_kilobits(preset.max_audio_kbps)}"),
        ("frames", "" if preset.max_fps is None else f"up to {preset.max_fps} a second"),
        ("keyframes", "" if preset.keyframe_max_s is None else f"every {format_span(preset.keyframe_max_s)}"),
        (
            "longest",
            "" if preset.longest_broadcast_h is None else f"{preset.longest_broadcast_h:g} h at a time",
        ),
        ("note", preset.note.replace("`", "")),
    ]
    text = _aligned([[f"{name}:", words] for name, words in facts if words])
    example = f"restream-agent platform add {preset.name}" + (" --url URL" if preset.needs_url else "")
    servers = "".join(f"\n  {server.label}" for server in preset.servers)
    return f"{text}\n\n{example}" + (f"\n\nits servers, for --server:{servers}" if servers else "")


def presets_as_json(chosen: Iterable[Preset]) -> list[dict[str, Any]]:
    """Return an object for each preset."""
    return [asdict(preset) for preset in chosen]


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    cells = ([printable(cell) for cell in line] for line in lines)
    return "\n".join(line.rstrip() for line in columns(cells, indent=""))


def _kilobits(number: int) -> str:
    return f"{number / 1000:g} Mb/s" if number >= 1000 else f"{number} kb/s"
