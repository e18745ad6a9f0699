"""The characters and the length of a secret, or of a URL that may hold one. Pure."""

STREAM_URL = "is a URL, and not the key alone"
"""The complaint about a key for which `is_stream_url` is true."""

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


def is_stream_url(text: str) -> bool:
    """Whether a text is a platform's whole URL, which is pasted where only the key belongs."""
    return text.casefold().startswith(("rtmp://", "rtmps://", "srt://"))
