"""The keys of the TOML: how a path is written, and what the models say of a key. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from restream_agent.base.one_line import printable
from restream_agent.config.model import Config
from restream_agent.config.toml_lines import BARE_KEY, KeyPath

NAMED = ("platforms", "channels")
"""Tables of tables: after each of these steps of a path comes a name."""


def dotted(path: Iterable[str | int]) -> str:
    """Return a key's path as the TOML writes it, with quotes only where they are needed."""
    return ".".join(str(step) if BARE_KEY.fullmatch(str(step)) else quoted(str(step)) for step in path)


def quoted(key: str) -> str:
    """Put a key in quotes; a character that would break the message's line or the quotes becomes "?"."""
    return '"{}"'.format(printable(key, instead="?").replace('"', "?"))


def known_keys(table: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys that a table of the TOML may have: those with an example."""
    return tuple(name for name, field in table.model_fields.items() if field.examples)


def table_at(path: KeyPath) -> type[BaseModel]:
    """Return the model of a table by its path from the top."""
    table: type[BaseModel] = Config
    steps = list(path)
    while steps:
        step = steps.pop(0)
        if step in NAMED:
            del steps[:1]
        field = table.model_fields.get(str(step))
        table = table if field is None else model_in(field.annotation) or table
    return table


def model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model in an annotation such as `dict[str, Model]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)


def toml_value(value: Any) -> str:
    """Return a text, number, truth value, list or table as one line of TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"{}"'.format("".join(map(_in_quotes, escaped)))
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return str(value)


def _in_quotes(letter: str) -> str:
    """Return a letter as a text of the TOML may have it: control characters only as numbers."""
    return letter if letter >= " " and letter != "\x7f" else f"\\u{ord(letter):04x}"


def field_at(path: KeyPath) -> FieldInfo | None:
    """Return what the models declare for a key, None for a name, an entry of a list, or an unknown key."""
    if not path or (path[-2:-1] and path[-2] in NAMED):
        return None
    return table_at(path[:-1]).model_fields.get(str(path[-1]))
