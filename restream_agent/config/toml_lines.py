"""Finds where a TOML text has each key, value and statement, which tomllib does not report.

The scanner reads text that tomllib has accepted, so it only distinguishes keys, headers and values, and
checks nothing. Offsets count characters from the beginning of the text.
"""

import re
import tomllib
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
Span = tuple[int, int]
"""The offsets of the first character of a piece of the text, and of the first character after it."""

BYTE_ORDER_MARK = "\ufeff"
"""Some editors begin a file with it. It is no part of the TOML."""

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SPACE = re.compile(r"[ \t]*")
QUOTED_KEY = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# The longest forms come first; three quotes may be followed by up to two more that belong to the text
# (TOML 1.0, "Multi-line basic strings").
TEXT = r"\"\"\"(?:[^\\]|\\.)*?\"\"\"\"{0,2}|'''.*?''''{0,2}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"
SCALAR = re.compile(rf"{TEXT}|[^,\]}}\r\n#]*", re.DOTALL)
"""A value that is neither array nor inline table."""


@dataclass(frozen=True)
class KeyPlace:
    """Where a key or table is written: its name, and what has its content (a value, or a table's header)."""

    name: Span
    content: Span


@dataclass(frozen=True)
class Statement:
    """A header or an assignment: whole lines from `start` to `end`, offsets in the text.

    `path` is that of the table or the key, from the top. `table` is the path of the header above it, () where
    there is none; a header's own path, for a header. `value` is where the value is, None for a header.
    """

    start: int
    end: int
    path: KeyPath
    table: KeyPath
    value: Span | None

    def is_below(self, path: KeyPath) -> bool:
        """Whether this statement writes something of the table or key at `path`."""
        return self.path[: len(path)] == path

    def is_above(self, path: KeyPath) -> bool:
        """Whether this statement's value holds what is at `path`: it is that key, or an inline table."""
        return self.value is not None and path[: len(self.path)] == self.path


def key_places(text: str) -> dict[KeyPath, KeyPlace]:
    """Return, for each table and key in a valid TOML text, the place that first names it.

    A path holds table and key names, and the index of an entry in an array. Keys in inline tables have
    places of their own.
    """
    return _Scanner(text).read().places


def statements_of(text: str) -> list[Statement]:
    """Return the statements of a valid TOML text, in its order."""
    return _Scanner(text).read().statements


class _Scanner:
    """Reads a text once, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[KeyPath, KeyPlace] = {}
        self.statements: list[Statement] = []
        self.arrays: dict[KeyPath, int] = {}  # how many entries each array of tables has so far

    def read(self) -> "_Scanner":
        """Read every header and assignment."""
        table: KeyPath = ()
        position = skip(BLANK, self.text, 0)
        while position < len(self.text):
            start = self.text.rfind("\n", 0, position) + 1
            value = None
            if self.text[position] == "[":
                path, position = self.read_header(position)
                table = path
            else:
                path, value = self.read_assignment(table, position)
                position = value[1]
            end = self.text.find("\n", position) + 1 or len(self.text)
            self.statements.append(Statement(start, end, path, table, value))
            position = skip(BLANK, self.text, position)
        return self

    def read_header(self, start: int) -> tuple[KeyPath, int]:
        """Note a table's header; return the table's path, and the offset after the header."""
        brackets = 2 if self.text.startswith("[[", start) else 1
        names, position = read_names(self.text, start + brackets)
        header = start, position + brackets
        path: KeyPath = ()
        for number, (name, span) in enumerate(names, start=1):
            path = (*path, name)
            if brackets == 2 and number == len(names):
                self.arrays[path] = self.arrays.get(path, 0) + 1
            self.places.setdefault(path, KeyPlace(span, header))
            if path in self.arrays:
                path = (*path, self.arrays[path] - 1)
                self.places.setdefault(path, KeyPlace(span, header))
        if brackets == 1:
            self.places[path] = KeyPlace(names[-1][1], header)  # better than an earlier child's
        return path, header[1]

    def read_assignment(self, table: KeyPath, start: int) -> tuple[KeyPath, Span]:
        """Note a key, its value and what the value holds; return the key's path and where the value is."""
        names, position = read_names(self.text, start)
        position = skip(SPACE, self.text, position + 1)
        path = (*table, *(name for name, _ in names))
        end = self.read_value(path, position)
        for length, (_, span) in enumerate(names[:-1], start=len(table) + 1):
            self.places.setdefault(path[:length], KeyPlace(span, span))
        self.places[path] = KeyPlace(names[-1][1], (position, end))
        return path, (position, end)

    def read_value(self, path: KeyPath, start: int) -> int:
        """Note what an array or an inline table holds; return the offset after any value."""
        opening = self.text[start]
        if opening not in "[{":
            scalar = self.text[start : skip(SCALAR, self.text, start)]
            return start + len(scalar.rstrip())
        index, position = 0, skip(BLANK, self.text, start + 1)
        while self.text[position] not in "]}":
            if opening == "{":
                _, (_, position) = self.read_assignment(path, position)
            else:
                end = self.read_value((*path, index), position)
                self.places.setdefault((*path, index), KeyPlace((position, end), (position, end)))
                index, position = index + 1, end
            position = skip(BLANK, self.text, position)
            if self.text[position] == ",":
                position = skip(BLANK, self.text, position + 1)
        return position + 1


def read_names(text: str, position: int) -> tuple[list[tuple[str, Span]], int]:
    """Read a dotted key and the space after it: each name with its place, and the offset after it all."""
    names: list[tuple[str, Span]] = []
    while True:
        position = skip(SPACE, text, position)
        key = QUOTED_KEY.match(text, position) or BARE_KEY.match(text, position)
        if key is None:
            raise ValueError("not valid TOML: a key was expected")
        names.append((key_text(key[0]), key.span()))
        position = skip(SPACE, text, key.end())
        if not text.startswith(".", position):
            return names, position
        position += 1


def key_text(written: str) -> str:
    """Return a key as tomllib names it: without quotes, its escapes resolved."""
    if written[0] not in "\"'":
        return written
    return str(tomllib.loads(f"key = {written}")["key"])


def skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return the offset after the pattern's match at `position`; the pattern may match nothing."""
    match = pattern.match(text, position)
    return match.end() if match else position
