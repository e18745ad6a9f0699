"""The filter `to_toml`: a dictionary as TOML, on Python's standard library alone."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping

from ansible.errors import AnsibleFilterError

DOCUMENTATION = """
name: to_toml
short_description: Writes a dictionary as TOML
version_added: 0.1.0
description:
  - Tables, lists, texts, whole numbers, numbers and booleans keep their type and order.
  - A secret's reference, such as C({credential: twitch}), is written within its line.
options:
  _input:
    description: The dictionary.
    type: dict
    required: true
"""
EXAMPLES = """
- name: Write a TOML
  ansible.builtin.copy:
    content: "{{ {'version': 1, 'ingest': {'key': {'credential': 'ingest'}}} | restream.agent.to_toml }}"
    dest: /etc/restream-agent/restream.toml
    mode: "0644"
"""
RETURN = """
_value:
  description: The text, with a line break at its end.
  type: str
"""

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
REFERENCE = frozenset({"credential", "file"})
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def to_toml(value: object) -> str:
    """Return a mapping as TOML 1.0; AnsibleFilterError for what TOML cannot hold, with its place."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError(f"to_toml takes a dictionary, not {_kind(value)}")
    return "\n".join(_table((), value)).lstrip("\n") + "\n"


def _table(path: tuple[str, ...], table: Mapping[object, object]) -> Iterator[str]:
    """Yield the lines of a table: its own values, then the tables within."""
    inner = {key: each for key, each in table.items() if _is_table(each)}
    if path and (len(inner) < len(table) or not table):
        yield ""
        yield f"[{'.'.join(_key(part, path) for part in path)}]"
    for key, each in table.items():
        if key not in inner:
            yield f"{_key(key, path)} = {_value(each, (*path, str(key)))}"
    for key, each in inner.items():
        _key(key, path)
        yield from _table((*path, str(key)), each)


def _is_table(value: object) -> bool:
    """Whether a value gets a header of its own."""
    return isinstance(value, Mapping) and not (value and value.keys() <= REFERENCE)


def _value(value: object, path: tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and SMALLEST <= value <= LARGEST:
        return str(int(value))
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else str(float(value))
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(each, path) for each in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{_key(key, path)} = {_value(each, (*path, str(key)))}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    raise AnsibleFilterError(f"{'.'.join(path)}: TOML has no {_kind(value)}")


def _key(key: object, path: tuple[str, ...]) -> str:
    if not isinstance(key, str):
        place = f"{'.'.join(path)}: " if path else ""
        raise AnsibleFilterError(f"{place}a key has to be a text, not {_kind(key)}: put it into quotes")
    return str(key) if BARE_KEY.fullmatch(key) else _text(key, path)


def _text(text: str, path: tuple[str, ...]) -> str:
    """Return a basic string. JSON's escapes are TOML's, but for DEL, which TOML wants escaped, too."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise AnsibleFilterError(f"{'.'.join(path)}: the text is no Unicode") from None
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _kind(value: object) -> str:
    """Return what a value is called. Its text may be a secret."""
    if value is None:
        return "empty value"
    if isinstance(value, int) and not isinstance(value, bool):
        return "whole number of more than 64 bits" if not SMALLEST <= value <= LARGEST else "number"
    return type(value).__name__


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, object]:
        """Return the filters by name."""
        return {"to_toml": to_toml}
