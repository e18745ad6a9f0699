"""Finds the line of a key in a TOML text, which tomllib does not report.

The scanner reads text that tomllib has accepted, so it only distinguishes keys, headers and values, and
checks nothing. A key inside an inline table gets the line of its nearest parent.
"""

import re
import tomllib
from collections.abc import Iterator

KeyPath = tuple[str | int, ...]

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SPACE = re.compile(r"[ \t]*")
QUOTED_KEY = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# One token of a value. The longest string forms come first; three quotes may be followed by up to
# two more that belong to the text (TOML 1.0, "Multi-line basic strings").
VALUE_TOKEN = re.compile(
    r"\"\"\"(?:[^\\]|\\.)*?\"\"\"\"{0,2}|'''.*?''''{0,2}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'"
    r"|(?P<comment>#[^\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<newline>\n)|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)


def line_of(text: str, path: KeyPath) -> int:
    """Return the line, counted from 1, of a key in valid TOML, or of its nearest written parent.

    `path` holds table and key names, and the index of an entry in an array of tables.
    Returns 0 when not even the first part is in the text.
    """
    lines = key_lines(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return, for each table and key in a valid TOML text, the line that first names it."""
    lines: dict[KeyPath, int] = {}
    arrays: dict[KeyPath, int] = {}  # how many entries each array of tables has so far
    table: KeyPath = ()
    for position, keys, header in statements(text):
        line = text.count("\n", 0, position) + 1
        if header:
            table = resolved(keys, arrays, opens_entry=header == "[[")
            path = table
        else:
            path = table + keys
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], line)
        if header == "[":
            lines[path] = line  # a table's own header is a better line than an earlier child's
    return lines


def resolved(keys: tuple[str, ...], arrays: dict[KeyPath, int], *, opens_entry: bool) -> KeyPath:
    """Return a header's full path, with the index of the newest entry after each array's name."""
    path: KeyPath = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if opens_entry and position == len(keys) - 1:
            arrays[path] = arrays.get(path, 0) + 1
        if path in arrays:
            path = (*path, arrays[path] - 1)
    return path


def statements(text: str) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Yield for each header and assignment: its offset, its keys, and "[", "[[" or ""."""
    position = skip(BLANK, text, 0)
    while position < len(text):
        start = position
        header = "[[" if text.startswith("[[", position) else "[" if text[position] == "[" else ""
        keys, position = read_keys(text, position + len(header))
        yield start, keys, header
        position = position + len(header) if header else skip_value(text, position + 1)
        position = skip(BLANK, text, position)


def read_keys(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """Read a dotted key and the space after it."""
    keys: list[str] = []
    while True:
        position = skip(SPACE, text, position)
        key = QUOTED_KEY.match(text, position) or BARE_KEY.match(text, position)
        if key is None:
            raise ValueError("not valid TOML: a key was expected")
        keys.append(key_text(key[0]))
        position = skip(SPACE, text, key.end())
        if not text.startswith(".", position):
            return tuple(keys), position
        position += 1


def key_text(written: str) -> str:
    """Return a key as tomllib names it: without quotes, its escapes resolved."""
    if written[0] not in "\"'":
        return written
    return str(tomllib.loads(f"key = {written}")["key"])


def skip_value(text: str, position: int) -> int:
    """Return the offset of the end of the line on which the value that starts here ends."""
    depth = 0
    while (token := VALUE_TOKEN.match(text, position)) is not None:
        if token["newline"] and not depth:
            break
        depth += bool(token["open"]) - bool(token["close"])
        position = token.end()
    return position


def skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return the offset after the pattern's match at `position`; the pattern may match nothing."""
    match = pattern.match(text, position)
    return match.end() if match else position
