"""The names of the units: the one place that builds them and takes them apart."""

import re

TARGET = "restream.target"
PROGRAM_UNIT = "fallback.service"
PROGRAM_SOCKET = "fallback.socket"
HOLD_TIMER = "restream-off-air.timer"
HOLD_SERVICE = "restream-off-air.service"
AGENT_UNIT = "restream-agent.service"
AGENT_SOCKET = "restream-agent.socket"
APPLY_UNIT = "restream-apply.service"
INGEST_UNIT = "restream-ingest.service"
PREPARE_UNIT = "restream-fallback-prepare.service"
NOTIFY_UNIT = "restream-notify.service"
NOTIFY_SOCKET = "restream-notify.socket"
RELAY_TEMPLATE = "ffmpeg-relay@.service"
LIVE_TEMPLATE = "live@.service"

INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What may stand after the @. All of it is legal in a unit's name as it is, so that a user who types
`systemctl status ffmpeg-relay@youtube-backup` needs no systemd-escape(1)."""


def is_instance(name: str) -> bool:
    """Whether a relay's or stream's name can be part of a unit's name."""
    return INSTANCE.fullmatch(name) is not None


def relay_unit(relay: str) -> str:
    """Name the unit of a relay: "twitch" gives "ffmpeg-relay@twitch.service"; ValueError if it cannot be."""
    return _instantiate(RELAY_TEMPLATE, relay)


def live_unit(stream: str) -> str:
    """Name the unit that pulls a stream: "main" gives "live@main.service"; ValueError if it cannot be."""
    return _instantiate(LIVE_TEMPLATE, stream)


def relay_of(unit: str) -> str:
    """Give the relay whose unit this is, the inverse of `relay_unit`; ValueError for others."""
    return _instance(RELAY_TEMPLATE, unit)


def stream_of(unit: str) -> str:
    """Give the stream whose unit this is, the inverse of `live_unit`; ValueError for others."""
    return _instance(LIVE_TEMPLATE, unit)


def is_live_unit(unit: str) -> bool:
    """Whether `stream_of` knows the unit: a user can start instances with names that are not ours."""
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
