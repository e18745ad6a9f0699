"""What is left of a wrong TOML without its wrong parts, so that the rest is checked in the same go. Pure."""

import copy
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from restream_agent.base.errors import Problem
from restream_agent.config.keys import dotted
from restream_agent.config.model import Config
from restream_agent.config.toml_lines import KeyPath

_ROUNDS = 5
"""Tables are checked as wholes once each of their keys is right, so one error may hide another."""

_STAND_INS: dict[KeyPath, Any] = {("version",): 1, ("ingest", "key"): "any", ("ingest",): {"key": "any"}}
"""Values for what is required at the top."""

_ADDRESS = ("preset", "server", "url", "backup")
"""Keys of a platform that say together where it is."""


def salvaged(raw: dict[str, Any], error: ValidationError) -> tuple[Config | None, frozenset[KeyPath]]:
    """Return the configuration without what has errors, and the paths of what was left out.

    A platform whose address is wrong gets another, so that its key can be checked. None if nothing is left.
    """
    rest, gone = copy.deepcopy(raw), set[KeyPath]()
    for _ in range(_ROUNDS):
        details = error.errors(include_url=False, include_input=False, include_context=False)
        for path in {_part(detail["loc"], gone) for detail in details}:
            gone.add(path)
            _leave_out(rest, path)
        try:
            return Config.model_validate(rest), frozenset(gone)
        except ValidationError as another:
            error = another
    return None, frozenset(gone)


def _part(path: KeyPath, gone: set[KeyPath]) -> KeyPath:
    """Return what to leave out for an error: a key, or all around it if the key is gone or is required."""
    top = path[:2] if path[0] == "channels" else ()
    inner = path[len(top) :]
    if inner[:1] == ("platforms",):
        key, platform = path[: len(top) + 3], path[: len(top) + 2]
        return key if len(inner) > 2 and inner[2] not in ("key", "[key]") and key not in gone else platform
    if top:
        key = path[: len(top) + 2]
        return key if len(inner) > 1 and key not in gone else top
    return path[:2] if path[:2] not in gone else path[:1]


def _leave_out(raw: dict[str, Any], path: KeyPath) -> None:
    """Take a key or table out, and put a stand-in where one is required."""
    table: Any = raw
    for step in path[:-1]:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):  # a value stands where a table belongs
            raw.pop(str(path[0]), None)
            return
    table.pop(path[-1], None)
    if path in _STAND_INS:
        table[path[-1]] = _STAND_INS[path]
    elif path[-1] in _ADDRESS and "platforms" in path:
        for key in _ADDRESS:
            table.pop(key, None)
        table["url"] = f"rtmps://{path[-2]}.invalid:443/app"


def still_true(problems: Iterable[Problem], gone: frozenset[KeyPath]) -> list[Problem]:
    """Return the problems of a salvaged configuration that do not come from what was left out."""
    around = {dotted(path[:length]) for path in gone for length in range(1, len(path) + 1)}
    tables = {str(path[0]) for path in gone} - {"platforms", "channels"}
    return [
        problem
        for problem in problems
        if problem.path not in around and problem.path.partition(".")[0] not in tables
    ]
