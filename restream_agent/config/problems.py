"""Turns the errors of tomllib and pydantic into problems in plain words, each with its line."""

import ast
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from restream_agent.base.errors import Problem
from restream_agent.base.one_line import printable
from restream_agent.config.complaints import COMPLAINT, closest
from restream_agent.config.model import Config
from restream_agent.config.toml_lines import KeyPath, line_of

AT = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
TABLE = re.compile(r"\('.*',?.*\)")
"""How tomllib names a table: as the repr of a tuple."""
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
WORDS = {
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}
NAMED = ("platforms", "channels")
"""Tables of tables: after each of these steps of a path comes a name."""
DICT_KEY = "[key]"  # ends pydantic's path where the error is about a dict's key, not its value


def syntax_problem(error: Exception, text: str, source: str) -> Problem:
    """Return the problem that tomllib has with a text, and where."""
    if not isinstance(error, tomllib.TOMLDecodeError):
        return Problem(source, 0, "", "cannot be read: a number is too long, or tables are nested too deeply")
    match = AT.match(str(error))
    what = TABLE.sub(lambda table: dotted(ast.literal_eval(table[0])), match["what"] if match else str(error))
    line = int(match["line"]) if match and match["line"] else text.rstrip("\n").count("\n") + 1
    place = f" at column {match['column']}" if match and match["column"] else " at the end of the file"
    hint = "this key or table is written twice" if "overwrite" in what or "twice" in what else ""
    return Problem(source, line, "", f"not valid TOML{place}: {what[:1].lower()}{what[1:]}", hint)


def model_problems(error: ValidationError, text: str, source: str) -> list[Problem]:
    """Return a problem for every error of a validation; no problem shows a value."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return [problem(detail["type"], detail["loc"], detail["msg"], text, source) for detail in details]


def problem(kind: str, location: KeyPath, text_of_error: str, text: str, source: str) -> Problem:
    """Return the problem that an error of this kind means; `text` is the whole TOML."""
    path = location[:-1] if location[-1:] == (DICT_KEY,) else location
    if kind == COMPLAINT:
        message, _, hint = text_of_error.partition("\n")
    elif kind == "missing":
        message, hint = "is missing", missing_hint(path)
    elif kind == "extra_forbidden":
        message, hint = "is not a known key", unknown_hint(path)
    else:
        message, hint = WORDS.get(kind, "has a value of the wrong type"), ""
    return Problem(source, line_of(text, path), dotted(path), message, hint)


def dotted(path: Iterable[str | int]) -> str:
    """Return a key's path as the TOML writes it, with quotes only where they are needed."""
    return ".".join(str(step) if BARE_KEY.fullmatch(str(step)) else quoted(str(step)) for step in path)


def quoted(key: str) -> str:
    """Put a key in quotes; a character that would break the message's line or the quotes becomes "?"."""
    return '"{}"'.format(printable(key, instead="?").replace('"', "?"))


def missing_hint(path: KeyPath) -> str:
    """Return how to write the missing key."""
    field = table_at(path[:-1]).model_fields.get(str(path[-1]))
    example = field.examples[0] if field is not None and field.examples else None
    return "" if example is None else f"add {path[-1]} = {toml_value(example)}"


def unknown_hint(path: KeyPath) -> str:
    """Suggest the known key that is spelled most like an unknown one, or list the table's keys."""
    known = known_keys(table_at(path[:-1]))
    key = closest(str(path[-1]), known)
    return f'did you mean "{key}"?' if key else f"the keys are {', '.join(known)}"


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
        return f'"{escaped}"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return str(value)
