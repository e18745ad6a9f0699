"""Edits of one platform of the TOML: added, removed, enabled, other values. Texts in, texts out. Pure."""

import tomllib
from collections.abc import Mapping
from typing import Any

from restream_agent.base.errors import RestreamError
from restream_agent.base.one_line import printable
from restream_agent.config import toml_edit
from restream_agent.config.complaints import closest
from restream_agent.config.relays import channel_path
from restream_agent.config.toml_lines import BYTE_ORDER_MARK, KeyPath
from restream_agent.config.values import names_stream
from restream_agent.systemd.channels import MAIN, Channel

Setting = tuple[KeyPath, Any]
"""A key below the platform's table, and its value; None takes the key out."""


def platform_path(channel: str, name: str) -> KeyPath:
    """Return where the TOML has a platform."""
    return (*channel_path(Channel(channel)), "platforms", name)


def read_setting(word: str) -> Setting:
    """Read KEY=VALUE as a person types it: true, false and numbers are values, everything else is text.

    Raises RestreamError for what is not KEY=VALUE, and for a key: the command line is no place for it.
    """
    name, equals, written = word.partition("=")
    steps = tuple(name.strip().split("."))
    if not equals or not all(steps):
        raise RestreamError(
            "a setting is written as KEY=VALUE", hint="for example enabled=false or video.height=720"
        )
    value = _value(written.strip())
    if steps == ("key",) and value is not None:
        raise RestreamError(
            "a key does not belong on the command line, where every user of this machine can read it",
            hint="give --key, which asks for it, or reads it from standard input",
        )
    if steps[0] == "key" and value is not None:
        return steps[:1], {".".join(steps[1:]): value}
    return steps, value


def _value(written: str) -> Any:
    """Return what a word stands for; None for no word."""
    if not written:
        return None
    if not written.isprintable():
        raise RestreamError("a value is one line of printable text")
    try:
        value = tomllib.loads(f"value = {written}")["value"]
    except ValueError:
        return written
    return value if isinstance(value, bool | int | float | str) else written


def add(text: str, path: KeyPath, table: Mapping[str, Any]) -> str:
    """Return the text with a new platform; RestreamError if it exists, or if its channel does not."""
    data = tomllib.loads(text.removeprefix(BYTE_ORDER_MARK))
    channels = data.get("channels", {})
    if path[0] == "channels" and path[1] not in channels:
        raise RestreamError(
            f"there is no channel {_shown(path[1])}", hint=f"the channels are {', '.join((MAIN, *channels))}"
        )
    if path[-1] in _platforms(data, path):
        hint = f"restream-agent platform set {path[-1]} changes it"
        raise RestreamError(f"there is a platform {path[-1]} already", hint=hint)
    return toml_edit.with_table(text, path, table)


def remove(text: str, path: KeyPath) -> str:
    """Return the text without a platform, whose comments stay; RestreamError if it does not exist."""
    require(text, path)
    return toml_edit.without(text, path)


def enable(text: str, path: KeyPath, *, enabled: bool) -> str:
    """Return the text with a platform that is sent to, or not; unchanged if it is so already."""
    if require(text, path).get("enabled", True) is enabled:
        return text
    return toml_edit.with_value(text, (*path, "enabled"), enabled)


def change(text: str, path: KeyPath, settings: tuple[Setting, ...]) -> str:
    """Return the text with other values of a platform; RestreamError if it does not exist.

    Raises RestreamError for a URL that ends in the platform's key, too.
    """
    has_key = "key" in require(text, path)
    for steps, value in settings:
        if steps == ("url",) and not has_key and isinstance(value, str) and names_stream(value):
            raise RestreamError(
                "the URL ends in a key, which does not belong on the command line",
                hint="end the URL after the application, and give --key, which asks for the key",
            )
        if value is None:
            text = toml_edit.without(text, (*path, *steps))
        elif _found(tomllib.loads(text.removeprefix(BYTE_ORDER_MARK)), (*path, *steps)) != value:
            text = toml_edit.with_value(text, (*path, *steps), value)
    return text


def require(text: str, path: KeyPath) -> dict[str, Any]:
    """Return what a valid TOML text says of a platform; RestreamError, with the closest name, if nothing."""
    data = tomllib.loads(text.removeprefix(BYTE_ORDER_MARK))
    name, known = str(path[-1]), _platforms(data, path)
    table = known.get(name)
    if isinstance(table, dict):
        return table
    others = [each for each in _channels(data) if name in _platforms(data, platform_path(each, name))]
    error = missing(name, tuple(known))
    if others:
        error.hint = f"it belongs to another channel: --channel {others[0]}"
    if path[0] == "channels":
        error.message += f" in the channel {_shown(path[1])}"
    raise error


def missing(name: str, known: tuple[str, ...]) -> RestreamError:
    """Return the error for a platform that does not exist; it names the closest, or all that are known."""
    near, listed = closest(name, known), ", ".join(known)
    hint = f"the platforms are {listed}" if known else "restream-agent platform add NAME adds one"
    return RestreamError(
        f"there is no platform {_shown(name)}", hint=f"did you mean {near}?" if near else hint
    )


def _channels(data: dict[str, Any]) -> tuple[str, ...]:
    channels = data.get("channels", {})
    return (MAIN, *channels) if isinstance(channels, dict) else (MAIN,)


def _platforms(data: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    found = _found(data, path[:-1])
    return found if isinstance(found, dict) else {}


def _found(data: Any, path: KeyPath) -> Any:
    """Return what is at a path; None if nothing is."""
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _shown(word: object) -> str:
    return printable(str(word), instead="?")
