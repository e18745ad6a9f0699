"""Turns an error of tomllib into a problem in plain words, at its place. Pure."""

import ast
import re
import tomllib

from restream_agent.base.errors import Problem
from restream_agent.config.document import Document
from restream_agent.config.keys import dotted
from restream_agent.config.toml_lines import Span

AT = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
TABLE = re.compile(r"\('.*',?.*\)")
"""How tomllib names a table: as the repr of a tuple."""

OPEN_TEXT = re.compile(r"[\"'][^\"']*$")
NAMED_TWICE = re.compile(r"[ \t]*(?P<name>\[\[?[^\]\n]*\]{0,2}|[^=\n]*[^=\s])")
"""The header or the key at the beginning of a line."""

TWICE = "this key or table is written twice"
HINTS = {
    "overwrite": TWICE,
    "twice": TWICE,
    "immutable": TWICE,
    "not closed": "close the text with a quotation mark",
    "invalid value": 'text needs quotes: KEY = "TEXT"',
    "expected newline": "write each key on a line of its own, and text in quotes",
    "expected '=' after": "write KEY = VALUE",
    "unclosed array": "close the list with ]",
    "unclosed inline": "close the table with }",
    "unescaped": 'write \\\\ for a backslash, and \\" for a quotation mark',
}
"""The hint for an error of tomllib whose words contain this."""

OPEN = "a text, a list or a table is not closed"

DEEP = re.compile(r"[0-9]{4301}|(?:[\[{]\s*){50}|^[^.\n]*(?:\.[^.\n]*){50}", re.MULTILINE)
"""What Python refuses: more digits than sys.int_info.default_max_str_digits, and deep nesting."""


def syntax_problem(error: Exception, document: Document) -> Problem:
    """Return the problem that tomllib has with a text."""
    problem = Problem(document.source, 1, "", "", column=1)
    if not isinstance(error, tomllib.TOMLDecodeError):
        words = "cannot be read: a number is too long, or tables are nested too deeply"
        start = _offset_of(error, document.text)
        return document.at(_said(problem, words, ""), (start, start + 1))
    match = AT.match(str(error))
    what = TABLE.sub(lambda table: dotted(ast.literal_eval(table[0])), match["what"] if match else str(error))
    what = "a text is not closed" if "Illegal character '\\n'" in what else what[:1].lower() + what[1:]
    hint = next((hint for part, hint in HINTS.items() if part in what), "")
    if match is None or match["line"] is None:
        hint = OPEN if hint in ("", HINTS["invalid value"]) else hint
        end = len(document.text.rstrip())
        return document.at(_said(problem, f"not valid TOML at the end of the file: {what}", hint), (end, end))
    offset = document.offset(int(match["line"]), int(match["column"]))
    if what == "invalid value" and document.text[offset : offset + 1] in ("\n", ""):
        what, hint = "a value is missing", "write KEY = VALUE"
    return document.at(
        _said(problem, f"not valid TOML: {what}", hint), _marked(document.text, offset, hint, what)
    )


def _offset_of(error: Exception, text: str) -> int:
    """Return where the text is that Python refuses: parsing.py says it of a long name, Python of nothing."""
    if error.args and isinstance(error.args[0], int):
        return error.args[0]
    found = DEEP.search(text)
    return found.start() if found else 0


def _said(problem: Problem, message: str, hint: str) -> Problem:
    return Problem(problem.source, problem.line, "", message, hint, column=problem.column)


def _marked(text: str, offset: int, hint: str, what: str) -> Span:
    """Return what to mark of the line with the error: what is written twice, or is open, or stands there."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:].partition("\n")[0]
    if hint == TWICE and (twice := NAMED_TWICE.match(line)):
        return start + twice.start("name"), start + twice.end("name")
    if "not closed" in what and (left_open := OPEN_TEXT.search(line)):
        return start + left_open.start(), start + len(line)
    word = re.match(r"[^\s#,\]}]*", text[offset:])
    return offset, offset + max(1, word.end() if word else 1)
