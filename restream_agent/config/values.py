"""Readers for single values of the TOML: each takes what tomllib gave and returns what the models hold.

A reader that refuses raises `complaint`, whose message and hint are for the user. No reader
puts a value that might be a secret into a message.
"""

import difflib
import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from restream_agent.base import secret_text
from restream_agent.config.presets import completed_url, presets
from restream_agent.systemd.time_spans import format_span, parse_span

COMPLAINT = "complaint"  # the error type of our own messages, told apart from pydantic's
PLATFORM_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
BITRATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kM])")
LONGEST_SPAN = parse_span("100y")
SPAN_HINT = 'write it as "90s", "1min 30s" or a number of seconds'

Reader = Callable[[object], object]


def complaint(message: str, hint: str = "") -> PydanticCustomError:
    """Make an error to raise in a reader; the hint travels as the message's second line."""
    return PydanticCustomError(COMPLAINT, f"{message}\n{hint}")


def complaints(title: str, found: list[tuple[str, str, str]]) -> ValidationError:
    """Make one error out of several (key, message, hint), each at its own key of a table."""
    return ValidationError.from_exception_data(
        title,
        [
            InitErrorDetails(type=complaint(message, hint), loc=(key,), input=None)
            for key, message, hint in found
        ],
    )


def span(low: float = 0, high: float | None = None, *, word: str = "") -> Reader:
    """Make a reader of time spans between two bounds in seconds; `word` reads as None, "no end"."""

    def read(value: object) -> object:
        if word and value == word:
            return None
        seconds = seconds_in(value)
        if seconds < low:
            raise complaint(f'must be at least "{format_span(low)}"')
        if high is not None and seconds > high:
            raise complaint(f'must be at most "{format_span(high)}"')
        return seconds

    return read


def seconds_in(value: object) -> float:
    """Read a span's text, or a number of seconds."""
    if isinstance(value, str):
        try:
            return parse_span(value)
        except ValueError as error:
            raise complaint(str(error)) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise complaint("must be a time span", SPAN_HINT)
    if not 0 <= value <= LONGEST_SPAN:  # false for nan, too
        raise complaint("must be a time span from 0 to 100 years", SPAN_HINT)
    return float(value)


def choice(*allowed: str | int) -> Reader:
    """Make a reader that takes only the given values."""
    quoted = [f'"{one}"' if isinstance(one, str) else str(one) for one in allowed]
    expected = " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))

    def read(value: object) -> object:
        if type(value) not in {str, int} or value not in allowed:
            raise complaint(f"must be {expected}")
        return value

    return read


def number(low: float, high: float, *, unit: str, whole: bool = False, even: bool = False) -> Reader:
    """Make a reader of numbers between two bounds."""
    wanted = "an even number" if even else "a whole number" if whole or even else "a number"

    def read(value: object) -> object:
        allowed = int if whole or even else int | float
        if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
            raise complaint(f"must be {wanted} of {unit} from {low:g} to {high:g}")
        if even and value % 2:
            raise complaint(f"must be {wanted} of {unit}", "video encoders cannot halve an odd size")
        return value if whole or even else float(value)

    return read


def read_bitrate(value: object) -> object:
    """Read "3000k" or "3M" as bit/s, from 100 kbit/s to 100 Mbit/s."""
    found = BITRATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise complaint("must be a bitrate", 'write it as "3000k" or "3M"')
    bits = round(float(found[1]) * {"k": 1_000, "M": 1_000_000}[found[2]])
    if not 100_000 <= bits <= 100_000_000:
        raise complaint('must be from "100k" to "100M"')
    return bits


def read_text(value: object) -> object:
    """Read a line of text to show: 1 to 200 printable characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise complaint("must be 1 to 200 characters of text")
    if not value.isprintable():
        raise complaint("must be one line, without control characters")
    return value


def read_path(value: object) -> object:
    """Read an absolute path."""
    if not isinstance(value, str):
        raise complaint("must be a path in quotes")
    if not value.isprintable():
        raise complaint("must be a path without control characters")
    if value.startswith("~"):
        raise complaint("must be an absolute path", "~ means nothing to a service: write the directory out")
    if not value.startswith("/"):
        raise complaint("must be an absolute path", "begin it with /")
    return Path(value)


def read_secret_path(value: object) -> object:
    """Read the absolute path of a secret; systemd 255 and later fail at a blank or a backslash in it."""
    path = read_path(value)
    if re.search(r"[\s\\]", str(path)):
        raise complaint(
            "must be a path without blanks and backslashes",
            "systemd cannot load a credential from there: move the file",
        )
    return path


def read_paths(value: object) -> object:
    """Read one absolute path or a list of them, as a tuple."""
    if isinstance(value, tuple):  # the default: already what we return
        return value
    if value == []:
        raise complaint("names no file", "leave the key out to get a slate with the message")
    return tuple(read_path(one) for one in value) if isinstance(value, list) else (read_path(value),)


def read_listen(value: object) -> object:
    """Read "HOST:PORT", the host an IPv4 address: SRS's rules on who may play know no others."""
    hint = 'write it as "0.0.0.0:1935"'
    if not isinstance(value, str) or ":" not in value:
        raise complaint("must be an address and a port", hint)
    host, port = value.rsplit(":", 1)
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise complaint("must end in a port from 1 to 65535", hint)
    try:
        IPv4Address(host)
    except AddressValueError:
        raise complaint("must begin with an IPv4 address", hint) from None
    return value


def read_platform_name(value: object) -> object:
    """Read a platform's name, which becomes part of unit and file names."""
    if value == "ingest":
        raise complaint("is no name for a platform", "it stands for OBS's key: choose another one")
    if not isinstance(value, str) or not PLATFORM_NAME.fullmatch(value):
        raise complaint(
            "is no name for a platform",
            "use up to 32 of a-z, 0-9, _ and -, beginning with a letter or digit",
        )
    return value


def read_credential_name(value: object) -> object:
    """Read the name of a credential, which becomes a file's name."""
    if not isinstance(value, str) or not CREDENTIAL_NAME.fullmatch(value):
        raise complaint(
            "is no name for a credential",
            "use up to 64 of A-Z, a-z, 0-9, _, . and -, not beginning with a dot; the secret itself goes "
            "into the credential",
        )
    return value


def check_plain_key(key: str) -> None:
    """Refuse a key that cannot be one; the message never shows it."""
    if not key:
        raise complaint("is empty", 'write { credential = "NAME" }, and store the key with `secret`')
    reason = secret_text.complaint(key)
    if reason:
        raise complaint(reason, "copy the key again from the platform")


def read_url(value: object) -> object:
    """Read a platform's URL; it may hold a key, so no message shows it."""
    hint = 'write it as "rtmps://HOST:443/APP"'
    if not isinstance(value, str) or not value:
        raise complaint("must be a URL in quotes", hint)
    reason = secret_text.complaint(value)
    if reason:
        raise complaint(reason, hint)
    parts = split_url(value)
    if parts is None or not parts.hostname:
        raise complaint("is not a URL with a host and, if it names one, a valid port", hint)
    if "@" in parts.netloc:
        raise complaint(
            "holds a user name or password, which ffmpeg takes on its command line only, for all to see",
            "ask the platform for an address with a stream key",
        )
    if parts.scheme not in {"rtmp", "rtmps"}:
        raise complaint("must begin with rtmp:// or rtmps://", hint)
    if not urlsplit(completed_url(value)).path.strip("/"):
        raise complaint("names no application", 'it comes after the host, as in "rtmp://HOST/live"')
    return value


def split_url(url: str) -> SplitResult | None:
    """Split a URL, checking its port, or give None when it cannot be split."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def names_stream(url: str) -> bool:
    """Tell whether a URL goes on after the application, to a stream's name or key."""
    application, _, stream = urlsplit(url).path.strip("/").partition("/")
    return bool(application and stream)


def read_preset(value: object) -> object:
    """Read a preset's name."""
    if not isinstance(value, str) or value not in presets():
        raise complaint("is not a preset's name", preset_hint(value))
    return value


def preset_hint(value: object) -> str:
    """Suggest the presets meant, or list them."""
    close = near(value, tuple(presets())) if isinstance(value, str) else ""
    return f'did you mean "{close}"?' if close else f"there are {', '.join(presets())}"


def near(word: str, known: tuple[str, ...]) -> str:
    """Give the known word nearest to one that is not known, or ""."""
    return next(iter(difflib.get_close_matches(word.casefold(), known, n=1)), "")
