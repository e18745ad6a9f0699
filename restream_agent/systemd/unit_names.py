"""The names of our units. Only this module builds them and takes them apart."""

import re
from pathlib import Path

TARGET = "restream.target"
PROGRAM_UNIT = "fallback.service"
RELAY_DOOR = "fallback.socket"
LIVE_DOOR = "fallback-live.socket"
HOLD_TIMER = "restream-off-air.timer"
HOLD_SERVICE = "restream-off-air.service"
AGENT_UNIT = "restream-agent.service"
AGENT_USER = "restream"
AGENT_SOCKET = "restream-agent.socket"
APPLY_UNIT = "restream-apply.service"
APPLY_PATH = "restream-apply.path"
"""Exists while a refused apply waits for a file."""
TAKE_BACK_UNIT = "restream-take-back.service"
TAKE_BACK_TIMER = "restream-take-back.timer"
INGEST_UNIT = "restream-ingest.service"
PREPARE_UNIT = "restream-fallback-prepare.service"
PREPARE_USER = "restream-prepare"
FORGET_UNIT = "restream-forget.service"
NOTIFY_UNIT = "restream-notify.service"
NOTIFY_SOCKET = "restream-notify.socket"
RELAY_TEMPLATE = "ffmpeg-relay@.service"
LIVE_TEMPLATE = "live@.service"
CONVERT_TEMPLATE = "restream-fallback-convert@.service"
GIT_FETCH_UNIT = "restream-git-fetch.service"
GIT_APPLY_UNIT = "restream-git-apply.service"
"""Of examples/gitops, where the TOML comes from a Git repository."""
REPORT_TEMPLATE = "restream-report@.socket"
SLICE = "restream.slice"

BEGINNINGS = ("restream*", "fallback*", "ffmpeg-relay@*", "live@*")
"""Patterns for the names of all our units. Another's unit may begin so, too."""

INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""A relay's or stream's name, after the @. Each character is legal in a unit's name without escaping, so that
users can type `systemctl status ffmpeg-relay@youtube-backup`. The polkit rule has the same pattern."""

_LONGEST_UNIT = 255

_CONFIGURED = "configured"
"""The instance of CONVERT_TEMPLATE for what fallback.json says; no channel has this name."""


def is_instance(name: str) -> bool:
    """Whether a relay's or stream's name is valid in a unit's name."""
    return INSTANCE.fullmatch(name) is not None


def relay_unit(relay: str) -> str:
    """Return the unit of a relay: "ffmpeg-relay@twitch.service" for "twitch"; ValueError for a bad name."""
    return _instantiate(RELAY_TEMPLATE, relay)


def live_unit(stream: str) -> str:
    """Return the unit that pulls a stream: "live@main.service" for "main"; ValueError for a bad name."""
    return _instantiate(LIVE_TEMPLATE, stream)


def report_door(channel: str) -> str:
    """Return the socket for reports of a channel's program: "restream-report@es.socket" for "es"."""
    return REPORT_TEMPLATE.replace("@.", f"@{channel}.")


def channel_slice(channel: str) -> str:
    """Return a channel's slice: "restream-es.slice", which its name puts into SLICE, systemd.slice(5)."""
    return SLICE.replace(".", f"-{channel}.")


def template_of(unit: str) -> str:
    """Return the template that corresponds to a plain unit: "fallback@.service" for "fallback.service"."""
    stem, _, kind = unit.rpartition(".")
    return f"{stem}@.{kind}"


def instances_of(template: str) -> str:
    """Return the pattern for all instances: "live@*.service" for "live@.service"."""
    return template.replace("@.", "@*.")


def program_of(target: str) -> str:
    """Return the program's unit of a channel's target: "fallback@es.service" for "restream@es.target"."""
    stem, kind = TARGET.split(".")
    program, service = PROGRAM_UNIT.split(".")
    return f"{program}{target.removeprefix(stem).removesuffix(kind)}{service}"


def is_of_program(unit: str) -> bool:
    """Whether a unit is the program of a channel, or the socket at which its relays connect."""
    return unit.partition(".")[0].partition("@")[0] == PROGRAM_UNIT.partition(".")[0]


def convert_unit(file: Path | None, channel: str = "") -> str:
    """Return the unit that converts a file, or for None the configured videos; ValueError for a long path.

    `channel` is a channel other than `main`: the file is converted as its fallback.
    """
    if file is None:
        instance = f"{_CONFIGURED}:{channel}" if channel else _CONFIGURED
    else:
        instance = _escaped(f"{channel}:{file}" if channel else str(file))
    unit = CONVERT_TEMPLATE.replace("@.", f"@{instance}.")
    if len(unit) > _LONGEST_UNIT:
        raise ValueError(f"{file} is too long to be part of a unit's name")
    return unit


def converted(instance: str) -> tuple[Path | None, str]:
    """Return what an instance of the unit, unescaped (%I), converts: the inverse of `convert_unit`."""
    if instance.startswith("/"):
        return Path(instance), ""
    first, _, second = instance.partition(":")
    return (None, second) if first == _CONFIGURED else (Path(second), first)


def _escaped(path: str) -> str:
    """Return a text as systemd-escape(1) does."""
    characters = []
    for byte in path.encode(errors="surrogateescape"):
        character = chr(byte)
        is_plain = byte < 128 and (character.isalnum() or character in ":_.")
        characters.append("-" if character == "/" else character if is_plain else f"\\x{byte:02x}")
    return "".join(characters)


def relay_of(unit: str) -> str:
    """Return the relay that a unit belongs to; ValueError for other units. The inverse of `relay_unit`."""
    return _instance(RELAY_TEMPLATE, unit)


def stream_of(unit: str) -> str:
    """Return the stream that a unit pulls; ValueError for other units. The inverse of `live_unit`."""
    return _instance(LIVE_TEMPLATE, unit)


def is_live_unit(unit: str) -> bool:
    """Whether a unit pulls a stream with a valid name. Users can start instances with other names."""
    try:
        stream_of(unit)
    except ValueError:
        return False
    return True


def _instantiate(template: str, name: str) -> str:
    if not is_instance(name):
        raise ValueError(f"{name!r} cannot be an instance of {template}")
    return template.replace("@.", f"@{name}.")


def _instance(template: str, unit: str) -> str:
    prefix, suffix = template.split("@")
    name = unit.removeprefix(f"{prefix}@").removesuffix(suffix)
    if not is_instance(name) or unit != f"{prefix}@{name}{suffix}":
        raise ValueError(f"{unit} is not an instance of {template}")
    return name
