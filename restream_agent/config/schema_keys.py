"""The keys of the TOML by its JSON schema: for a completion that has no time to load the models. Pure."""

from collections.abc import Iterator
from typing import Any

NAME = "NAME"
"""Stands in a key for a name of the user's choice."""

Schema = dict[str, Any]


def dotted_keys(schema: Schema) -> tuple[str, ...]:
    """Return every key and table that the schema knows, such as fallback.hold and platforms.NAME.key."""
    return tuple(".".join(path) for path in _paths(schema, schema["$defs"]))


def completed(keys: tuple[str, ...], typed: str) -> list[str]:
    """Return the keys that begin as typed; a typed name, as in platforms.twitch.k, stands for NAME."""
    steps = typed.split(".")[:-1]
    named = (_with_names(key.split("."), steps) for key in keys)
    return [key for key in named if key.startswith(typed)]


def _with_names(key: list[str], typed: list[str]) -> str:
    named = [given if step == NAME else step for step, given in zip(key, typed, strict=False)]
    return ".".join([*named, *key[len(named) :]])


def _paths(schema: Schema, definitions: Schema) -> Iterator[tuple[str, ...]]:
    """Yield the path of each key below a part of the schema, a table before its keys."""
    for part in _parts(schema, definitions):
        for key, value in part.get("properties", {}).items():
            yield (key,)
            yield from ((key, *path) for path in _paths(value, definitions))
        inner = part.get("additionalProperties")
        if isinstance(inner, dict):
            yield from ((NAME, *path) for path in _paths(inner, definitions))


def _parts(schema: Schema, definitions: Schema) -> Iterator[Schema]:
    """Yield what a part of the schema is made of: itself, what it refers to, and each of its choices."""
    yield schema
    if "$ref" in schema:
        yield from _parts(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    for choice in schema.get("anyOf", ()):
        yield from _parts(choice, definitions)
