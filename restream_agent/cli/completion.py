"""What the shells complete: names of channels, platforms, presets and keys, and the keys of `explain`.

A completion reads the TOML itself, without the models, as a person waits for it. Where there is no
configuration, or one that this user may not read or that is not TOML, there is nothing to complete.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from restream_agent.base import paths
from restream_agent.base.target import THIS_MACHINE


def channels(context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the channels, if there are several: those that are installed, and those of the TOML."""
    from restream_agent.base.installed_channels import channel_names
    from restream_agent.systemd.channels import MAIN

    names = {*channel_names(_root(context)), *_table(_toml(context), "channels")}
    return _begun(typed, (MAIN, *sorted(names))) if names else []


def platforms(context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the platforms of the TOML: those of the channel that --channel names, or of the top."""
    from restream_agent.systemd.channels import MAIN

    table, channel = _toml(context), context.params.get("channel") or MAIN
    if channel != MAIN:
        table = _table(_table(table, "channels"), channel)
    return _begun(typed, _table(table, "platforms"))


def presets(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the names of the presets."""
    from restream_agent.config import presets as table

    return _begun(typed, table.presets())


def secrets(context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the names of stored keys, and of those that the TOML names."""
    stores = (_place(context, store) for store in (paths.CREDENTIALS, paths.ENCRYPTED_CREDENTIALS))
    names = {*_credentials(_toml(context)), *(name for store in stores for name in _files(store))}
    return _begun(typed, sorted(names))


def keys(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the keys of the TOML."""
    from restream_agent.base.package_files import schema
    from restream_agent.config.schema_keys import completed, dotted_keys

    return completed(dotted_keys(json.loads(schema().read_text(encoding="utf-8"))), typed)


def _begun(typed: str, names: Iterable[str]) -> list[str]:
    """Return the names that begin as typed, but for those that a shell would read as more than a word."""
    return [name for name in names if name.startswith(typed) and name.isprintable() and " " not in name]


def _root(context: click.Context) -> Path:
    root = context.params.get("root")
    return root if isinstance(root, Path) else THIS_MACHINE.root


def _place(context: click.Context, path: str) -> Path:
    """Return where a path is; as base.files.locate does, which loads more than a completion has time for."""
    return _root(context) / path.lstrip("/")


def _toml(context: click.Context) -> dict[str, Any]:
    """Return what can be read of the TOML and of the files beside it."""
    given = context.params.get("given")
    first = given if isinstance(given, Path) else _place(context, paths.CONFIG)
    whole: dict[str, Any] = {}
    for file in (first, *sorted(first.parent.glob("platforms.d/[!.]*.toml"))):
        try:
            _merge(whole, tomllib.loads(file.read_text(encoding="utf-8-sig")))
        except (OSError, ValueError):
            continue
    return whole


def _merge(whole: dict[str, Any], piece: dict[str, Any]) -> None:
    for key, value in piece.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _merge(whole[key], value)
        else:
            whole[key] = value


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _credentials(value: object) -> Iterator[str]:
    """Yield the name of each key that a part of the TOML refers to."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "credential" and isinstance(inner, str):
            yield inner
        else:
            yield from _credentials(inner)


def _files(directory: Path) -> list[str]:
    try:
        return [file.name for file in directory.iterdir() if not file.name.startswith(".")]
    except OSError:
        return []
