"""Takes secrets out of a line of another program's log. Pure.

SRS logs whole hook bodies, with the publisher's key and our token, when a hook refuses or fails; nginx logs
the hook's URL; a platform may quote a key that it refuses, and ffmpeg logs the quotation (all measured).
The rest of the line still shows what failed, and where.
"""

import re

from restream_agent.base.one_line import printable

HIDDEN = "…"
_SHORTEST = 4
"""Characters. A shorter part of a key reveals nothing, and hiding it would hide innocent words."""

_RULES = (
    # SRS's `request={…}`: the hook's JSON body, which has no end in a line that was cut.
    (re.compile(r"request=\{(?:.*\}|.*)"), f"request={HIDDEN}"),
    # JSON, or its repr, with a field that publishers put keys into.
    (
        re.compile(r'((?:param|stream|tcUrl|stream_url|name|args)\\?["\']\s*:\s*\\?["\'])[^"\']*'),
        rf"\1{HIDDEN}",
    ),
    # The path of an RTMP URL after its application, and a stream's name in our own application.
    (re.compile(r"(rtmps?://[^/\s'\",]+/[^/?\s'\",:]*)/[^\s'\",:]+"), rf"\1/{HIDDEN}"),
    (re.compile(r"(?<![\w/])(/?live/)[^\s/?'\",:]+"), rf"\1{HIDDEN}"),
    # nginx-rtmp's words for the stream's name and its arguments.
    (re.compile(r"\b(name|args)[=:] ?'[^']*'"), rf"\1='{HIDDEN}'"),
    # Every query, of hooks and of publishers.
    (re.compile(r"\?[^\s'\",]+"), f"?{HIDDEN}"),
    (re.compile(r"\b(key|token)=[^\s&'\",]+", re.IGNORECASE), rf"\1={HIDDEN}"),
)

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""SRS paints its errors red."""

_OWN_LINES = {
    "srs": re.compile(r"\[\d{4}-|thread \[|==\d+==|    #\d+ "),
    "nginx": re.compile(r"\d{4}/|nginx: "),
}
"""How the lines of a server begin: with a time, in a stack, in a report of AddressSanitizer."""


def parts(key: str) -> tuple[str, ...]:
    """Return what no log may show of a key, longest first: the key, and the pieces servers split it into."""
    pieces = {key, *re.split(r"[?&=]", key)}
    return tuple(sorted((piece for piece in pieces if len(piece) >= _SHORTEST), key=len, reverse=True))


def without_colour(line: str) -> str:
    """Return a line without the colours that SRS gives its warnings and errors."""
    return _COLOUR.sub("", line)


def clean(line: str, secrets: tuple[str, ...]) -> str:
    """Return a line without the given secrets, what looks like a secret, and control characters."""
    line = printable(without_colour(line))
    for secret in secrets:
        line = line.replace(secret, HIDDEN)
    for pattern, replacement in _RULES:
        line = pattern.sub(replacement, line)
    return line


def mark(line: str, program: str) -> str:
    """Return a line of an ingest server with "| " before it unless it begins as the server's lines do.

    SRS quotes the address that a client connects to, line breaks included, and so a client writes lines.
    """
    own = _OWN_LINES.get(program)
    return line if own is None or own.match(line) else f"| {line}"
