"""The characters and the length of a secret, or of a URL that may hold one. Pure."""

import re

STREAM_URL = "is a URL, and not the key alone"
"""The complaint about a key for which `is_stream_url` is true."""

LOOKS_LIKE_A_KEY = "its name looks like a key (restream-agent check says more)"
"""What is said of a credential whose name is not shown, because a key was pasted in its place."""

LONGEST = 900
"""Characters, which are bytes here.

ffmpeg reads each line of a preset file into 1000 bytes, and a relay's key is a line there, after the
option's name. URLs are held to the same limit, as a key may stand in one; real ones are far shorter.
"""


def complaint(text: str) -> str:
    """Say why a text cannot be a secret or a URL, "" if it can; the answer never shows the text.

    A secret goes into lines, URLs and HTTP headers, so it is printable ASCII without spaces.
    """
    if not text:
        return "is empty"
    if not text.isascii() or not text.isprintable() or " " in text:
        return "holds a space, a line break, or a character that is not printable ASCII"
    return f"is longer than {LONGEST} characters" if len(text) > LONGEST else ""


LONGEST_FOR_OBS = 200
"""Characters. nginx-rtmp reads 255 of a stream key, which has the stream's name before the key."""

NEW_KEY = "openssl rand -hex 16"
"""The command that makes a key which both servers take and nobody guesses: 32 digits of 128 random bits."""


def obs_complaint(text: str, server: str | None) -> str:
    """Say why OBS cannot send a text as its key to a server ("srs", "nginx-rtmp"), "" if it can.

    A server of None is not known. The key stands in a URL.
    """
    if any(letter in text for letter in "&#%"):
        return "has a &, # or %, which has another meaning in a URL, and OBS puts the key into a URL"
    if "/" in text and server != "nginx-rtmp":
        return "has a /, and SRS cuts OBS's URL at its last slash"
    if len(text) > LONGEST_FOR_OBS and server != "srs":
        return f"is longer than {LONGEST_FOR_OBS} characters, and nginx-rtmp reads no more of OBS's key"
    return ""


URL_LIKE = ("looks like a URL, and not the key alone", "the key is what follows the last slash")
"""The warning, as (message, hint), about a key for which `is_like_url` is true."""

_URL_LIKE = re.compile(r"[a-z][a-z0-9+.-]*://|(?:[a-z0-9-]+\.)+[a-z]{2,}(?::[0-9]+)?/", re.IGNORECASE)


def is_like_url(text: str) -> bool:
    """Whether a key begins like an address: with a scheme, or with the name of a host and a slash."""
    return _URL_LIKE.match(text) is not None


def is_stream_url(text: str) -> bool:
    """Whether a text is a platform's whole URL, which is pasted where only the key belongs."""
    return text.casefold().startswith(("rtmp://", "rtmps://", "srt://"))


MASK = "•••"
"""Shown in the place of what is, or may be, a key."""

_LONG_WORD = re.compile(r"[^\s]{16,}")
_DIGIT = re.compile(r"[0-9]")


def is_like_key(text: str) -> bool:
    """Whether a text might be a key: a long word with several digits."""
    return any(len(_DIGIT.findall(word)) > 3 for word in _LONG_WORD.findall(text))
