"""Edits of a TOML text that keep every comment, every blank line and the order of what is there. Pure.

tomlkit edits the one table that an edit is about, cut out of the text. It does not get the whole text: there
it puts a new key below the comment of the next table, and drops the comments of a table that is removed
(measured with 0.15.2). Each edit is compared with what it should say, so that a text that is written in an
unforeseen way is refused, never damaged.
"""

import copy
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Item

from restream_agent.base.errors import RestreamError
from restream_agent.config.keys import dotted, toml_value
from restream_agent.config.toml_blocks import block_of, comments, comments_in
from restream_agent.config.toml_lines import BYTE_ORDER_MARK, KeyPath, Statement, statements_of


class ByHandError(RestreamError):
    """A text is written in a way that this program does not edit."""

    def __init__(self, path: KeyPath) -> None:
        super().__init__(
            f"{dotted(path)} is written in a way that this command cannot edit; nothing was changed",
            hint="edit the file by hand, or write the platform as a table: [platforms.NAME]",
        )


def with_value(text: str, path: KeyPath, value: Any) -> str:
    """Return a valid TOML text with another value of a key, or with a new key in its table.

    A value is a text, a number, a truth value, or a table of them, which is written in one line. Raises
    ByHandError if the text cannot be edited, and if there is no table for the key.
    """
    return _edited(
        text, path, lambda data: _put(data, path, value), lambda text: _with_value(text, path, value)
    )


def without(text: str, path: KeyPath) -> str:
    """Return a valid TOML text without a table or key, whose comments stay, each in a line of its own.

    What is not there is no error. Raises ByHandError.
    """
    return _edited(text, path, lambda data: _drop(data, path), lambda text: _without(text, path))


def with_table(text: str, path: KeyPath, table: Mapping[str, Any]) -> str:
    """Return a valid TOML text with a new table: behind its siblings, or else behind its parent.

    If it has neither, it comes before the tables of the channels. Raises ByHandError.
    """
    return _edited(
        text, path, lambda data: _put(data, path, dict(table)), lambda text: _with_table(text, path, table)
    )


def _edited(
    text: str,
    path: KeyPath,
    change_data: Callable[[dict[str, Any]], dict[str, Any]],
    change_text: Callable[[str], str],
) -> str:
    """Return the changed text if it says what it should, with every comment and blank line of the old."""
    before = text.removeprefix(BYTE_ORDER_MARK)
    wanted = change_data(tomllib.loads(before))
    after = change_text(before)
    try:
        said = tomllib.loads(after)
    except ValueError as error:
        raise ByHandError(path) from error
    is_complete = comments(after) == comments(before) and _blank_lines(after) >= _blank_lines(before)
    if not is_complete or _without_empty(said) != _without_empty(wanted):
        raise ByHandError(path)
    return BYTE_ORDER_MARK + after if text.startswith(BYTE_ORDER_MARK) else after


def _put(data: dict[str, Any], path: KeyPath, value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(data)
    table = changed
    for step in path[:-1]:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            raise ByHandError(path)
    table[path[-1]] = value
    return dict(changed)


def _drop(data: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    changed: Any = copy.deepcopy(data)
    table = changed
    for step in path[:-1]:
        table = table.get(step, {})
        if not isinstance(table, dict):
            raise ByHandError(path)
    table.pop(path[-1], None)
    return dict(changed)


def _blank_lines(text: str) -> int:
    return sum(not line.strip() for line in text.split("\n"))


def _without_empty(table: dict[str, Any]) -> dict[str, Any]:
    """Leave tables out that hold nothing: the last platform takes the table of platforms along."""
    inner = {key: _without_empty(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in inner.items() if value != {}}


def _with_table(text: str, path: KeyPath, table: Mapping[str, Any]) -> str:
    if any(each.is_above(path) for each in statements_of(text)):
        return _with_value(text, path, table)
    lines = [f"[{dotted(path)}]", *(f"{key} = {toml_value(value)}" for key, value in table.items())]
    return _inserted(text, path, lines)


def _with_value(text: str, path: KeyPath, value: Any) -> str:
    found = statements_of(text)
    chosen = _home(found, path)
    start, end = block_of(found, chosen)
    document = tomlkit.parse(text[start:end])
    table: Any = document
    for step in chosen.table:
        table = table[step]
    _set(table, path[len(chosen.table) :], value, _indent(text, chosen))
    return f"{text[:start]}{_as_lines(document.as_string(), text)}{text[end:]}"


def _home(found: list[Statement], path: KeyPath) -> Statement:
    """Return a statement in whose block a key is, or belongs."""
    for each in found:
        if each.is_above(path):
            return each
    for length in range(len(path) - 1, 0, -1):
        for each in reversed(found):
            is_in_reach = path[: len(each.table)] == each.table
            if is_in_reach and each.is_below(path[:length]):
                return each
    raise ByHandError(path)


def _set(table: Any, steps: KeyPath, value: Any, indent: str) -> None:
    """Set a value in a table of tomlkit; whatever is missing on the way becomes a table in one line."""
    key, *rest = steps
    present = table.get(key)
    if rest and isinstance(present, Mapping) and not isinstance(present, InlineTable):
        _set(present, tuple(rest), value, indent)
        return
    if rest:
        plain = present.unwrap() if isinstance(present, InlineTable) else {}
        value = _put(plain, tuple(rest), value)
    item = _item(value)
    if present is None:
        item.trivia.indent = indent
    table[key] = item


def _item(value: Any) -> Item:
    return tomlkit.value(toml_value(value)) if isinstance(value, Mapping) else tomlkit.item(value)


def _without(text: str, path: KeyPath) -> str:
    found = statements_of(text)
    inline = next((each for each in found if each.is_above(path) and each.path != path), None)
    if inline is not None:
        data: Any = tomllib.loads(text)
        return _with_value(text, inline.path, _drop(_at(data, inline.path), path[len(inline.path) :]))
    kept, position = "", 0
    for each in found:
        if each.is_below(path):
            kept += text[position : each.start] + _comments_as_lines(text, each)
            position = each.end
    return kept + text[position:]


def _at(data: Any, path: KeyPath) -> dict[str, Any]:
    for step in path:
        data = data[step]
    return dict(data)


def _comments_as_lines(text: str, statement: Statement) -> str:
    indent = _indent(text, statement)
    return "".join(f"{indent}{comment}{_line_end(text)}" for comment in comments_in(text, statement))


def _indent(text: str, statement: Statement) -> str:
    line = text[statement.start : statement.end]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _inserted(text: str, path: KeyPath, lines: list[str]) -> str:
    """Return the text with new lines at the place of a table, a blank line before and behind them."""
    end = _line_end(text)
    place = _place(text, path)
    before, after = text[:place], text[place:]
    block = "".join(f"{line}{end}" for line in lines)
    if before and not before.endswith("\n"):
        before += end
    gap = "" if not before or before.endswith(f"\n{end}") else end
    is_close = after.strip() and after.partition("\n")[0].strip()
    return f"{before}{gap}{block}{end if is_close else ''}{after}"


def _place(text: str, path: KeyPath) -> int:
    """Return the offset at which a table belongs."""
    found = statements_of(text)
    for length in range(len(path) - 1, 0, -1):
        relatives = [each for each in found if each.is_below(path[:length])]
        if relatives:
            return _behind(text, found, relatives[-1])
    others = [each for each in found if each.path[:1] != ("channels",)]
    return _behind(text, found, others[-1]) if others else len(text)


def _behind(text: str, found: list[Statement], last: Statement) -> int:
    """Return the offset behind a statement and the comments right below it; the end, behind the last of all.

    Comments that a header follows without a blank line are the header's.
    """
    if last is found[-1]:
        return len(text)
    following = found[found.index(last) + 1].start
    place = last.end
    for line in text[last.end : following].split("\n"):
        if not line.strip():
            return place
        place += len(line) + 1
    return last.end


def _line_end(text: str) -> str:
    first = text.partition("\n")[0]
    return "\r\n" if first.endswith("\r") else "\n"


def _as_lines(block: str, text: str) -> str:
    """Return an edited block with the line ends of its text."""
    return block if _line_end(text) == "\n" else block.replace("\r\n", "\n").replace("\n", "\r\n")
