"""Where the statements of a TOML text begin and end, and the comments in them. Pure.

An edit changes only the statements that it is about: every other line stays as it is, letter by letter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from restream_agent.config.toml_lines import (
    VALUE_TOKEN,
    KeyPath,
    read_keys,
    resolved,
    skip_value,
    statements,
)

_SPACE = " \t\r"
"""What TOML takes for space, and a carriage return before a line's end. Python strips more."""


@dataclass(frozen=True)
class Statement:
    """A header or an assignment: whole lines from `start` to `end`, offsets in the text.

    `path` is that of the table or the key, from the top. `table` is the path of the header above it, () where
    there is none; a header's own path, for a header. `value` is the offset after the equals sign, None for a
    header.
    """

    start: int
    end: int
    path: KeyPath
    table: KeyPath
    value: int | None

    def is_below(self, path: KeyPath) -> bool:
        """Whether this statement writes something of the table or key at `path`."""
        return self.path[: len(path)] == path

    def is_above(self, path: KeyPath) -> bool:
        """Whether this statement's value holds what is at `path`: it is that key, or an inline table."""
        return self.value is not None and path[: len(self.path)] == self.path


def statements_of(text: str) -> list[Statement]:
    """Return the statements of a valid TOML text, in its order."""
    found = list[Statement]()
    arrays: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for position, keys, header in statements(text):
        start = text.rfind("\n", 0, position) + 1
        if header:
            table = resolved(keys, arrays, opens_entry=header == "[[")
            path, value, last = table, None, position
        else:
            path, value = table + keys, read_keys(text, position)[1] + 1
            last = skip_value(text, value)
        end = text.find("\n", last) + 1 or len(text)
        found.append(Statement(start, end, path, table, value))
    return found


def block_of(all_statements: list[Statement], chosen: Statement) -> tuple[int, int]:
    """Return the offsets of a header and all below it that a statement belongs to.

    What stands between the block's last statement and the next header is not in the block: comments there are
    mostly about the next table.
    """
    index = all_statements.index(chosen)
    before = takewhile(lambda each: each.table == chosen.table, reversed(all_statements[:index]))
    after = takewhile(
        lambda each: each.table == chosen.table and each.value is not None, all_statements[index + 1 :]
    )
    first = chosen
    for each in before if chosen.value is not None else ():
        first = each
        if each.value is None:
            break
    return first.start, [chosen, *after][-1].end


def comments(text: str) -> list[str]:
    """Return every comment of a valid TOML text, in its order, from its # to the end of its line."""
    found, position = list[str](), 0
    for statement in statements_of(text):
        found += _in_blank(text[position : statement.start])
        found += comments_in(text, statement)
        position = statement.end
    return [*found, *_in_blank(text[position:])]


def comments_in(text: str, statement: Statement) -> list[str]:
    """Return the comments of one statement: at the end of its line, and between the lines of an array."""
    position = statement.value
    if position is None:
        indent = len(text[statement.start :]) - len(text[statement.start :].lstrip(" \t"))
        header = statement.start + indent
        position = read_keys(text, header + (2 if text.startswith("[[", header) else 1))[1]
    return [token.rstrip(_SPACE) for token in _comment_tokens(text, position, statement.end)]


def _comment_tokens(text: str, position: int, end: int) -> Iterator[str]:
    while position < end and (token := VALUE_TOKEN.match(text, position)) is not None:
        if token["comment"]:
            yield token["comment"]
        position = token.end()


def _in_blank(text: str) -> list[str]:
    lines = (line.strip(_SPACE) for line in text.split("\n"))
    return [line for line in lines if line.startswith("#")]
