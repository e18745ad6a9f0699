"""Says in a few lines what a key or a table of the TOML is for; made from the models. Pure."""

import re
import textwrap
from typing import get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from restream_agent.base.errors import RestreamError
from restream_agent.config.complaints import closest
from restream_agent.config.keys import NAMED, dotted, field_at, known_keys, model_in, table_at, toml_value
from restream_agent.config.model import Config
from restream_agent.config.presets import presets
from restream_agent.config.rules import default_words, words_of
from restream_agent.config.schema_keys import NAME
from restream_agent.config.table import SecretRef
from restream_agent.config.toml_lines import KeyPath

WIDTH = 80
"""Letters of a line, as the help of the commands has."""

_TABLE = re.compile(r"{[^}]*}")
_BLANK = "\0"  # in no text


def explain(key: str) -> str:
    """Return what a dotted key is for, what it may hold, its default and an example; "" is the whole file.

    A table's text lists its keys. Where the TOML has a name of the user's choice, as in
    `platforms.twitch.key`, any name does, or none. Raises RestreamError for an unknown key, with the key that
    is spelled most like it.
    """
    path = known_path(key)
    if not path:
        return _table((), Config, "The whole file. Begin it with version = 1.")
    if path[-1] == NAME:
        return _table(path, table_at(path), _summary(table_at(path)))
    field = _field(path)
    model = model_in(field.annotation)
    if _has_names(path):
        return _table((*path, NAME), table_at((*path, NAME)), str(field.description))
    described = _key(path, field)
    if path[-1] == "preset":
        return f"{described}\n\n{_wrapped('The presets: ' + ', '.join(presets()) + '.')}"
    if model is None or issubclass(model, SecretRef):
        return described
    return f"{described}\n\n{_keys(path, model)}"


def known_path(key: str) -> KeyPath:
    """Return the path of a dotted key, with NAME for each name; RestreamError if a step is not known."""
    path: KeyPath = ()
    steps = [step.strip(" \"'") for step in key.strip("[] ").split(".")] if key.strip("[] ") else []
    while steps:
        step = steps.pop(0)
        if path and path[-1] != NAME and model_in(_field(path).annotation) is None:
            raise RestreamError(f"{dotted((*path, step))} is not a key", hint=f"{dotted(path)} is no table")
        known = known_keys(table_at(path))
        if step not in known:
            raise _unknown((*path, step), known)
        path = (*path, step)
        if _has_names(path) and steps:
            path = (*path, NAME)
            is_name = len(steps) > 1 or steps[0] not in known_keys(table_at(path))
            del steps[: int(is_name)]
    return path


def _has_names(path: KeyPath) -> bool:
    """Whether the keys of a table are names of the user's choice."""
    return path[-1] in NAMED and get_origin(_field(path).annotation) is dict


def _field(path: KeyPath) -> FieldInfo:
    field = field_at(path)
    assert field is not None
    return field


def _unknown(path: KeyPath, known: tuple[str, ...]) -> RestreamError:
    close = closest(str(path[-1]), known)
    hint = dotted((*path[:-1], close)) if close else f"the keys there are {', '.join(known)}"
    return RestreamError(f"{dotted(path)} is not a key", hint=f"did you mean {hint}?" if close else hint)


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").splitlines()[0]


def _key(path: KeyPath, field: FieldInfo) -> str:
    """Return the text of a key."""
    example = "" if field.examples in (None, [{}]) else f"{path[-1]} = {toml_value(field.examples[0])}"
    default = default_words(field, path).strip("()")
    words = words_of(field)
    rows = (
        ("may be", "" if words == "table" else words),
        ("default", default.removeprefix("default ")),
    )
    facts = [_hanging(f"  {name:8} ", text) for name, text in rows if text]
    facts += [f"  example  {example}"] if example else []  # in one line, to be copied
    return "\n\n".join(filter(None, (dotted(path), _wrapped(str(field.description)), "\n".join(facts))))


def _table(path: KeyPath, model: type[BaseModel], words: str) -> str:
    """Return the text of a table."""
    title = f"{dotted(path)}\n\n" if path else ""
    return f"{title}{_wrapped(words)}\n\n{_keys(path, model)}"


def _keys(path: KeyPath, model: type[BaseModel]) -> str:
    """Return a line for each key of a table, which says how to learn more."""
    names = known_keys(model)
    width = max(map(len, names))
    lines = [_hanging(f"  {name:{width}}  ", _first(model.model_fields[name])) for name in names]
    more = dotted((*path, names[-1]))
    return "\n".join([*lines, "", f"More of a key: restream-agent explain {more}"])


def _first(field: FieldInfo) -> str:
    """Return the first sentence of a description."""
    return str(field.description).partition(". ")[0].rstrip(".")


def _wrapped(text: str) -> str:
    return _hanging("  ", text)


def _hanging(beginning: str, text: str) -> str:
    """Return a text behind its beginning, whose further lines stand below it; a {table} stays whole."""
    whole = _TABLE.sub(lambda table: table[0].replace(" ", _BLANK), text.replace("`", ""))
    lines = textwrap.wrap(
        whole,
        WIDTH,
        initial_indent=beginning,
        subsequent_indent=" " * len(beginning),
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_BLANK, " ")
