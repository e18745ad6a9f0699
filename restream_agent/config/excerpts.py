"""One line of the TOML, fit to be shown: keys and passwords are masked, a long line is cut. Pure.

Only what is known to be no secret is shown. Everything else in a value is masked: a key that is written in
the clear, what follows the application of a URL, the value of an unknown key, a comment.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterator

from restream_agent.base.errors import Excerpt
from restream_agent.base.one_line import printable
from restream_agent.base.secret_text import MASK, is_like_key
from restream_agent.config.toml_lines import Span

CUT = "…"
WIDTH = 90
"""Cells of a line that are shown; a terminal of 100 cells has room for the line's number too."""

SHOWN = (
    "video", "binary", "file", "command", "version", "server", "listen", "stall", "timeout", "settle",
    "manage", "message", "hold", "standby", "opening", "match", "keyframe", "width", "height", "fps",
    "sample_rate", "channels", "profile", "preset", "url", "enabled", "backup", "codec", "bitrate",
    "give_up", "every", "memory", "tasks", "cpu_weight", "credential", "watch",
)  # fmt: skip
SECRET = ("key", "secret", "webhook", "plain")
"""Keys whose values are never shown. An unknown key counts as the known key that is spelled most like it."""

NAMES = frozenset((*SHOWN, *SECRET))
NO_SECRET = ('"any"', "'any'", '""', "''", "true", "false")
"""Values that are no secret wherever they stand."""

TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<comment>#.*)|(?P<mark>[\[\]{},=.])"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"?|'[^']*'?)|(?P<word>[^\s#\[\]{},=.\"']+(?:\.[^\s#\[\]{},=\"']+)*)"
)
NAME = re.compile(r"(?:[A-Za-z0-9_.-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*')[ \t]*[.=]")
"""The name of a key, or a part of it, and what follows it."""

HEADER = re.compile(
    r"\s*\[\[?(?:[ \tA-Za-z0-9_.-]*|[ \t]*(?:platforms|channels)[ \t]*\.[^\[\]{},=#]*)\]{0,2}\s*"
)
"""A table's header. A line inside a list may begin like one, so a name in quotes follows a known table."""
URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>.*)")
HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{0,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?")
WORD = re.compile(r"true|false|inf|nan|[+-]?[0-9.]{1,8}[A-Za-z]{0,5}")
CREDENTIAL = re.compile(r"[A-Za-z0-9_.-]{0,32}")

Piece = tuple[str, str]  # as it is written, as it is shown


def excerpt(line: str, marked: Span, *, key: str = "") -> Excerpt:
    """Return a line of the TOML for a reader, with the place of what is marked; no secret is in it.

    `marked` are offsets in the line; at least one character is marked. `key` is the key whose list goes on in
    the line.
    """
    shown, start, end, position = "", 0, 0, 0
    for written, visible in pieces(line, key):
        after = position + len(written)
        if position <= marked[0] < after:
            start = len(shown) + _inside(marked[0] - position, written, visible)
        if position < marked[1] <= after:
            last = marked[1] == after
            end = len(shown) + (len(visible) if last else _inside(marked[1] - position, written, visible))
        shown, position = shown + visible, after
    start = len(shown) if marked[0] >= position else start
    return _cut(shown, start, max(end, start + 1))


def _inside(offset: int, written: str, visible: str) -> int:
    """Return where an offset into a written piece is in what is shown of it: a mask is marked as a whole."""
    return offset if written == visible else 0


def pieces(line: str, key: str = "") -> Iterator[Piece]:
    """Yield a line piece by piece, each as it is written and as it may be shown."""
    if HEADER.fullmatch(line) and not any(map(is_like_key, line.split("."))):
        yield line, printable(line, instead="?")
        return
    name, may_be_name, before = "", not key, "," if key else ""
    for token in TOKEN.finditer(line):
        written = token[0]
        if token["comment"]:
            yield written, f"# {CUT}"
        elif token["space"]:
            yield written, " " * len(written)
        elif token["mark"]:
            yield written, written
            key = name if written == "=" else key
            may_be_name = written in "{,." if "{" in line[: token.end()] else written == "." and not key
        else:
            is_name = written in NAMES or (may_be_name and NAME.match(line, token.start()) is not None)
            name = written.strip("\"'") if is_name else name
            # TOML has a value after one of these signs alone; elsewhere it is a rest of something else.
            known = key if before in ("=", "[", ",") else ""
            yield written, _name(written) if is_name else _value(known, written, is_text=bool(token["text"]))
            may_be_name = False
        before = before if token["space"] else written


def _name(written: str) -> str:
    """Return what may be shown of the name of a key."""
    return _masked(written) if is_like_key(written) else printable(written, instead="?")


def _value(key: str, written: str, *, is_text: bool) -> str:
    """Return what may be shown of a text in quotes, or of a word without them, that is the value of a key."""
    name = _known(key)
    if name not in SHOWN:
        return written if written in NO_SECRET else _masked(written)
    if not is_text:
        return written if WORD.fullmatch(written) else MASK
    text = written.strip("\"'")
    address = URL.fullmatch(text)
    if address is not None:
        return written.replace(text, f"{address['scheme']}{_address(address['rest'])}")
    return printable(written, instead="?") if _is_shown(name, text) else _masked(written)


def _is_shown(name: str, text: str) -> bool:
    """Whether the text that a known key has may be shown: a key may be pasted wherever it does not belong."""
    if name in ("file", "command"):
        return text.startswith("/")
    if name == "credential" and not CREDENTIAL.fullmatch(text):
        return False
    return not text or (name != "url" and not is_like_key(text))


def _known(key: str) -> str:
    """Return the known key that a key is, or that it is almost spelled like; "" if there is none."""
    leaf = key.rpartition(".")[2]
    if leaf in NAMES:
        return leaf
    close = next(iter(difflib.get_close_matches(leaf, NAMES, n=1, cutoff=0.8)), "")
    return "" if close == "credential" else close  # people paste a key beside a word that they misremember


def _address(rest: str) -> str:
    """Return what may be shown of a URL after its scheme: host, port and application."""
    host, _, path = rest.partition("/")
    # A password that has a slash looks like an application.
    if "@" in rest or not HOST.fullmatch(host):
        return MASK
    application, slash, stream = path.partition("/")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,24}", application) or is_like_key(application):
        return f"{host}/{MASK}"
    more = slash + (MASK if stream else "")
    return f"{host}/{application}{more}" if "/" in rest else host


def _masked(written: str) -> str:
    """Return the mask, in the quotes that were written."""
    quote = written[0] if written[0] in "\"'" else ""
    is_closed = len(written) > 1 and written.endswith(quote)
    return f"{quote}{MASK}{quote if is_closed else ''}"


def _cut(shown: str, start: int, end: int) -> Excerpt:
    """Cut a line around what is marked, and count in cells of a terminal."""
    if cells(shown) > WIDTH:
        first = max(0, min(start - WIDTH // 3, len(shown) - WIDTH))
        shown, start, end = shown[first:], start - first, end - first
        if first:
            shown = CUT + shown[1:]
        if cells(shown) > WIDTH:
            shown = _begin(shown, WIDTH - 1) + CUT
    end = min(end, max(len(shown), start + 1))
    return Excerpt(shown, cells(shown[:start]), max(1, cells(shown[start:end])))


def _begin(text: str, width: int) -> str:
    """Return what fits of the beginning of a text into so many cells."""
    used = 0
    for index, letter in enumerate(text):
        used += cells(letter)
        if used > width:
            return text[:index]
    return text


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: wide letters take two, joined marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
