"""Turns the errors of pydantic into problems in plain words, each at its place. Pure."""

from pydantic import ValidationError

from restream_agent.base.errors import Problem
from restream_agent.config.complaints import COMPLAINT, closest
from restream_agent.config.document import Document
from restream_agent.config.keys import field_at, known_keys, table_at, toml_value
from restream_agent.config.rules import keys_of_table
from restream_agent.config.toml_lines import KeyPath

WORDS = {
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}
DICT_KEY = "[key]"  # ends pydantic's path where the error is about a dict's key, not its value


def model_problems(error: ValidationError, document: Document) -> list[Problem]:
    """Return a problem for every error of a validation; no problem shows a value."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return [problem(detail["type"], detail["loc"], detail["msg"], document) for detail in details]


def problem(kind: str, location: KeyPath, text_of_error: str, document: Document) -> Problem:
    """Return the problem that an error of this kind means."""
    if location[-1:] == (DICT_KEY,):
        message, _, hint = text_of_error.partition("\n")
        return document.problem(location[:-1], message, hint, of_name=True)
    if kind == "missing":
        return document.problem(location, "is missing", missing_hint(location))
    if kind == "extra_forbidden":
        hint = unknown_hint(location)
        rule = keys_of_table(location[:-1]) if hint.startswith("did you mean") else ""
        return document.problem(location, "is not a known key", hint, rule=rule, of_name=True)
    if kind == COMPLAINT:
        message, _, hint = text_of_error.partition("\n")
        return document.problem(location, message, hint)
    return document.problem(location, WORDS.get(kind, "has a value of the wrong type"))


def missing_hint(path: KeyPath) -> str:
    """Return how to write the missing key."""
    field = field_at(path)
    example = field.examples[0] if field is not None and field.examples else None
    return "" if example is None else f"add {path[-1]} = {toml_value(example)}"


def unknown_hint(path: KeyPath) -> str:
    """Suggest the known key that is spelled most like an unknown one, or list the table's keys."""
    known = known_keys(table_at(path[:-1]))
    key = closest(str(path[-1]), known)
    return f'did you mean "{key}"?' if key else f"the keys are {', '.join(known)}"
