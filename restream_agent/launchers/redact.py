"""Takes secrets out of a line of somebody else's log. Pure.

SRS writes whole hook bodies, with the publisher's key and our token, when a hook refuses or fails;
nginx writes the hook's URL; a platform may answer a refused key by quoting it, and ffmpeg logs that
(all measured). What stays is enough to see what failed, and where.
"""

import re

HIDDEN = "…"
_SHORTEST = 4
"""Characters. A part of a key that is shorter would blot out innocent words, and tells nothing."""

_RULES = (
    # SRS's `request={…}`: the hook's JSON body; cut off in a long line, it has no end.
    (re.compile(r"request=\{(?:.*\}|.*)"), f"request={HIDDEN}"),
    # Any JSON or repr of one that names a thing that publishers put keys into.
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


def parts(key: str) -> tuple[str, ...]:
    """Return what of a key must not be shown, longest first: all of it, and what a server makes of it."""
    pieces = {key, *re.split(r"[?&=]", key)}
    return tuple(sorted((piece for piece in pieces if len(piece) >= _SHORTEST), key=len, reverse=True))


def clean(line: str, secrets: tuple[str, ...]) -> str:
    """Return a line without the given secrets, and without what looks like one."""
    for secret in secrets:
        line = line.replace(secret, HIDDEN)
    for pattern, replacement in _RULES:
        line = pattern.sub(replacement, line)
    return line
