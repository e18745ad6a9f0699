"""The types of texts in the TOML: lines, paths, addresses, names, keys and URLs.

No message shows a text that may be a secret.
"""

import posixpath
import re
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

from restream_agent.base import paths, secret_text
from restream_agent.base.urls import split_url
from restream_agent.config.complaints import closest, complaint
from restream_agent.config.presets import completed_url, presets
from restream_agent.config.value_types import ValueType
from restream_agent.systemd.channels import MAIN

_LONGEST_MESSAGE = 200
_LONGEST_PLATFORM_NAME = 32
_LONGEST_CREDENTIAL_NAME = 64
_PLATFORM_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{_LONGEST_PLATFORM_NAME - 1}}}")
_LONGEST_CHANNEL_NAME = 12  # the group restream-report-NAME has at most 31 characters
_CHANNEL_NAME = re.compile(rf"[a-z0-9][a-z0-9_]{{0,{_LONGEST_CHANNEL_NAME - 1}}}")
_RESERVED_CHANNELS = {
    MAIN: "the top of the file is the channel main",
    "configured": "restream-agent needs this word itself",
    "notify": "restream-agent needs this word itself",  # notify.webhook uses a secret as es.twitch does
}
CREDENTIAL_NAME = re.compile(rf"[A-Za-z0-9_-][A-Za-z0-9_.-]{{0,{_LONGEST_CREDENTIAL_NAME - 1}}}")
CREDENTIAL_NAME_HINT = (
    f"use up to {_LONGEST_CREDENTIAL_NAME} of A-Z, a-z, 0-9, _, . and -, and do not begin with a dot"
)
NO_SECRETS = (
    paths.OWN_DIRECTORY, f"{paths.STATE}/", paths.RUNTIME, "/run/ffmpeg-relay-",
    "/run/credentials/", "/proc/", "/dev/", "/sys/",
)  # fmt: skip
"""What no path of a secret begins with: the places of our own secrets, and those of no regular file."""
_STRING = {"type": "string"}


def check_printable(text: str) -> None:
    """Refuse a text that would not fit into one line of a unit file or a message."""
    if not text.isprintable():
        raise complaint("must be one line without control characters")


def read_message(value: object) -> object:
    """Read a line of text to show."""
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_MESSAGE:
        raise complaint(f"must be 1 to {_LONGEST_MESSAGE} characters of text")
    check_printable(value)
    return value


def read_path(value: object) -> object:
    """Read an absolute path."""
    if not isinstance(value, str):
        raise complaint("must be a path in quotes")
    check_printable(value)
    if value.startswith("~"):
        raise complaint("must be an absolute path", "a service has no ~: write the whole path")
    if not value.startswith("/"):
        raise complaint("must be an absolute path", "begin it with /")
    return Path(value)


def read_secret_path(value: object) -> object:
    """Read the absolute path of a secret; systemd 255 and later fail at a space or a backslash in it.

    The paths of our own secrets are refused: their content would go to whatever server the TOML names.
    """
    path = read_path(value)
    if not is_own_place(str(path)):
        raise complaint(
            "is no place for a secret of your own",
            'for a stored secret write { credential = "NAME" }',
        )
    if re.search(r"[\s\\]", str(path)):
        raise complaint(
            "must be a path without spaces and backslashes",
            "systemd cannot load a credential from there: move the file",
        )
    return path


def is_own_place(path: str) -> bool:
    """Whether a path may be that of a secret of the TOML's author; see NO_SECRETS."""
    return not f"{posixpath.normpath(path)}/".startswith(NO_SECRETS)


def read_paths(value: object) -> object:
    """Read one absolute path or a list of them, as a tuple."""
    if isinstance(value, tuple):  # the default: already what the model holds
        return value
    return tuple(read_path(path) for path in value) if isinstance(value, list) else (read_path(value),)


def read_listen(value: object) -> object:
    """Read "HOST:PORT"; the host is an IPv4 address, as SRS's rules on who may play know no others."""
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
    message = "is not a valid platform name"
    if value == "ingest":
        raise complaint(message, "ingest stands for OBS's key: choose another name")
    if not isinstance(value, str) or not _PLATFORM_NAME.fullmatch(value):
        allowed = f"up to {_LONGEST_PLATFORM_NAME} of a-z, 0-9, _ and -"
        raise complaint(message, f"use {allowed}, and begin with a letter or a digit")
    return value


def read_channel_name(value: object) -> object:
    """Read a channel's name, which becomes part of the names of units, groups and files.

    It has no dash: restream-a-b.slice would be inside restream-a.slice, systemd.slice(5).
    """
    message = "is not a valid channel name"
    if isinstance(value, str) and value in _RESERVED_CHANNELS:
        raise complaint(message, f"{_RESERVED_CHANNELS[value]}: choose another name")
    if not isinstance(value, str) or not _CHANNEL_NAME.fullmatch(value):
        allowed = f"up to {_LONGEST_CHANNEL_NAME} of a-z, 0-9 and _"
        raise complaint(message, f"use {allowed}, and begin with a letter or a digit")
    return value


def read_credential_name(value: object) -> object:
    """Read the name of a credential, which becomes a file's name."""
    if not isinstance(value, str) or not CREDENTIAL_NAME.fullmatch(value):
        hint = f"{CREDENTIAL_NAME_HINT}; this is the credential's name, not the secret"
        raise complaint("is not a valid credential name", hint)
    return value


def check_plain_key(key: str) -> None:
    """Refuse a key that cannot be right; the message never shows it."""
    if not key:
        hint = 'write { credential = "NAME" }, and store the key with `restream-agent secret set NAME`'
        raise complaint("is empty", hint)
    reason = secret_text.complaint(key)
    if reason:
        raise complaint(reason, "copy the key again from the platform")
    if secret_text.is_stream_url(key):
        raise complaint(
            secret_text.STREAM_URL, "write the URL as url, and what follows its last slash as key"
        )


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
        raise complaint("must be a URL with a host; a port must be from 1 to 65535", hint)
    # A password that has a slash begins as an application.
    if "@" in parts.netloc + application_and_stream(value)[0]:
        raise complaint(
            "holds a user name or a password: every local user could read it on ffmpeg's command line",
            "ask the platform for an address with a stream key",
        )
    if parts.scheme not in {"rtmp", "rtmps"}:
        raise complaint("must begin with rtmp:// or rtmps://", hint)
    if not urlsplit(completed_url(value)).path.strip("/"):
        raise complaint("has no application", 'write it after the host, as in "rtmp://HOST/live"')
    # As others compare it: with "RTMPS://" no certificate would be checked.
    return parts.scheme + value[len(parts.scheme) :]


def names_stream(url: str) -> bool:
    """Return whether a URL goes on after the application, to a stream's name or key."""
    return all(application_and_stream(url))


def application_and_stream(url: str) -> tuple[str, str]:
    """Return the application that a URL names, and the stream's name or key after it; each may be empty."""
    application, _, stream = urlsplit(url).path.strip("/").partition("/")
    return application, stream


def read_preset(value: object) -> object:
    """Read a preset's name."""
    if not isinstance(value, str) or value not in presets():
        raise complaint("is not the name of a preset", preset_hint(value))
    return value


def preset_hint(value: object) -> str:
    """Suggest the preset with the most similar name, or list all presets."""
    name = closest(value, tuple(presets())) if isinstance(value, str) else ""
    return f'did you mean "{name}"?' if name else f"the presets are {', '.join(presets())}"


MESSAGE = ValueType(f"text, up to {_LONGEST_MESSAGE} characters", read_message)
PATH = ValueType("path", read_path, _STRING)
SECRET_PATH = ValueType("path", read_secret_path, _STRING)
PATHS = ValueType(
    "path or list of paths", read_paths, {"anyOf": [_STRING, {"type": "array", "items": _STRING}]}
)
LISTEN = ValueType("address:port", read_listen)
PLATFORM_NAME = ValueType("name", read_platform_name)
CHANNEL_NAME = ValueType("name", read_channel_name)
CREDENTIAL = ValueType("name", read_credential_name, _STRING)
URL = ValueType("rtmp:// or rtmps:// URL", read_url, _STRING)
PRESET = ValueType("name of a preset", read_preset, _STRING)
