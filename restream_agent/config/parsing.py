"""Parses a TOML text as far as possible: a line with an error is left out, and the rest is read. Pure."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from restream_agent.base.errors import Problem
from restream_agent.config.document import Document
from restream_agent.config.toml_lines import KeyPath, read_names

_MOST = 20
"""Errors of a text that are told. A file with more is no TOML."""

_DEEPEST = 100
"""Tables and lists in each other. The deepest of ours has five."""

_PART = r"""(?:[\w-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*\.[ \t]*"""
_LONG_NAME = re.compile(rf"(?:^|[{{,])[ \t]*(?:\[[ \t]*){{0,2}}(?:{_PART}){{{_DEEPEST}}}", re.MULTILINE)
"""A dotted name of so many parts. tomllib reads one of 50,000 parts in minutes, and in gigabytes."""


@dataclass(frozen=True)
class Parsed:
    """What a TOML text says, and what in it is not TOML.

    `document` is the text without the lines that have errors, of the same length. `raw` is None if the rest
    cannot be read either. `gone` has the keys that were left out with their lines.
    """

    document: Document
    raw: dict[str, Any] | None
    problems: tuple[Problem, ...] = field(default_factory=tuple)
    gone: frozenset[KeyPath] = frozenset()


def parse(document: Document) -> Parsed:
    """Read a text, without the lines that have errors."""
    problems, gone = list[Problem](), set[KeyPath]()
    while len(problems) < _MOST:
        try:
            _require_short_names(document.text)
            raw = tomllib.loads(document.text)
            _require_shallow(raw)
        except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: huge numbers, deep nesting
            found = error
        else:
            return Parsed(document, raw, tuple(problems), frozenset(gone))
        from restream_agent.config.syntax import syntax_problem  # a file without errors does not pay for it

        problem = syntax_problem(found, document)
        is_cause = bool(problems) and problem.line <= problems[-1].line
        if is_cause:  # the line before was wrong only because something above it is not closed
            problems.pop()
        problems.append(problem)
        path = assigned(document.text, problem.line)
        if path is None or is_cause:
            break
        gone.add(path)
        document = without(document, problem.line)
    return Parsed(document, None, tuple(problems), frozenset(gone))


def _require_short_names(text: str) -> None:
    """Raise RecursionError, with the offset, for a name with so many parts that tomllib takes minutes."""
    name = _LONG_NAME.search(text)
    if name is not None:
        raise RecursionError(name.start())


def _require_shallow(raw: dict[str, Any]) -> None:
    """Raise RecursionError for tables so deep that Python could read, and neither copy nor check them."""
    tables: list[Any] = [raw]
    for _ in range(_DEEPEST):
        tables = [inner for table in tables for inner in _inner(table) if isinstance(inner, dict | list)]
        if not tables:
            return
    raise RecursionError


def _inner(table: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return table.values() if isinstance(table, dict) else table


def without(document: Document, line: int) -> Document:
    """Return the text with blanks instead of a line, which is counted from 1."""
    lines = document.text.split("\n")
    lines[line - 1] = " " * len(lines[line - 1])
    return replace(document, text="\n".join(lines))


def assigned(text: str, line: int) -> KeyPath | None:
    """Return the path of the key that a line gives a value to, None if the line does not begin with a key.

    Of a path that is longer than any of ours it is the beginning.
    """
    lines = [each.strip() for each in text.split("\n")[:line]]
    header = next((each for each in reversed(lines) if each.startswith("[")), "")
    if header is lines[-1]:
        return None
    try:
        names, _ = read_names(lines[-1], 0)
        above, _ = read_names(header, 1) if header else ([], 0)
    except ValueError:
        return None
    return tuple(name for name, _ in (*above, *names))[:_DEEPEST]
