"""Which statements of a TOML text belong together, and the comments in them. Pure.

An edit changes only the statements that it is about: every other line stays as it is, letter by letter.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from restream_agent.config.toml_lines import TEXT, Statement, read_names, statements_of

_TOKEN = re.compile(rf"{TEXT}|(?P<comment>#[^\n]*)|[^\"'#]+", re.DOTALL)
"""A piece of a statement: a # in a text begins no comment."""

_SPACE = " \t\r"
"""What TOML takes for space, and a carriage return before a line's end. Python strips more."""


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
    if statement.value is not None:
        position = statement.value[0]
    else:
        indent = len(text[statement.start :]) - len(text[statement.start :].lstrip(" \t"))
        header = statement.start + indent
        position = read_names(text, header + (2 if text.startswith("[[", header) else 1))[1]
    return [token.rstrip(_SPACE) for token in _comment_tokens(text, position, statement.end)]


def _comment_tokens(text: str, position: int, end: int) -> Iterator[str]:
    while position < end and (token := _TOKEN.match(text, position)) is not None:
        if token["comment"]:
            yield token["comment"]
        position = token.end()


def _in_blank(text: str) -> list[str]:
    lines = (line.strip(_SPACE) for line in text.split("\n"))
    return [line for line in lines if line.startswith("#")]
