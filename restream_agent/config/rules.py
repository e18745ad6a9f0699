"""What a key may hold, in one line: the rule beside an error. Pure."""

import re

from pydantic.fields import FieldInfo

from restream_agent.config.keys import dotted, field_at, known_keys, model_in, table_at, toml_value
from restream_agent.config.table import type_words
from restream_agent.config.toml_lines import KeyPath

REFERENCE = '{ credential = "NAME" } or { file = "/PATH" }'
"""How the rule of a secret is written; a secret in the clear works, too, and is warned about."""


def rule_of(path: KeyPath) -> str:
    """Return what a key may hold and its default; "" for a table, a name and an unknown key."""
    field = field_at(path)
    if field is None or (model_in(field.annotation) is not None and type_words(field).startswith("table")):
        return ""
    words = words_of(field)
    if words == "text":
        return ""
    return " ".join(filter(None, (f"{dotted(path[-1:])} = {words}", default_words(field, path))))


def words_of(field: FieldInfo) -> str:
    """Return a key's type in words, with a secret as the TOML writes it."""
    return re.sub(r"\bsecret\b", REFERENCE, type_words(field))


def is_said(rule: str, message: str) -> bool:
    """Whether a message has told all of a rule already."""
    words = rule.partition(" = ")[2].partition(" (")[0]
    return bool(words) and words in message


def default_words(field: FieldInfo, path: KeyPath) -> str:
    """Return, in brackets, what holds if a key is left out; "" if its description says that."""
    if field.is_required():
        return "(required)"
    if field.default in (None, (), {}) or (path[0] == "channels" and "platforms" not in path):
        return ""
    return f"(default {toml_value(field.default)})"


def keys_of_table(path: KeyPath) -> str:
    """Return the keys that the table with an unknown key may have."""
    table = f"[{dotted(path)}]" if path else "the top of the file"
    return f"{table} has the keys {', '.join(known_keys(table_at(path)))}"
