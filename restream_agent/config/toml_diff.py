"""What an edit changes in the TOML, as a unified diff that shows no key. Pure."""

import difflib
import re
import tomllib
from typing import Any
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo

from restream_agent.config.keys import model_in, table_at, toml_value
from restream_agent.config.table import SecretRef
from restream_agent.config.toml_lines import BYTE_ORDER_MARK, KeyPath, statements_of
from restream_agent.config.values import application_and_stream

HIDDEN = "…"

_COMMENT = re.compile(r"#[^\n]*")
_IN_COMMENT = (
    re.compile(r"\b(?P<before>(?:key|secret|webhook|plain)\s*=\s*)(?:\"[^\"]*\"|'[^']*'|[^\s\"'{#]+)"),
    re.compile(r"(?P<before>\b(?:rtmps?|srt)://[^/\s\"']+/[^/\s\"']+/)[^\s\"']+"),
    re.compile(r"(?P<before>)(?<![\w-])(?=(?:[A-Za-z_-]*[0-9]){4})[\w-]{16,}"),
)
"""A key in a comment: of a platform that is commented out, at the end of a URL, or a note of an old one."""


def diff(before: str, after: str, name: str) -> str:
    """Return a unified diff of two valid TOML texts, `name` for both; "" if they are equal.

    What holds a key is shown as "…", in both; a last line tells if nothing else differs.
    """
    lines = difflib.unified_diff(_lines(before), _lines(after), name, name)
    text = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    if not text and before != after:
        return f"--- {name}\n+++ {name}\n@@ a key changes, not shown @@\n"
    return text


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in hidden(text).replace("\r\n", "\n").removesuffix("\n").split("\n")]


def hidden(text: str) -> str:
    """Return a valid TOML text with "…" in the place of each key that it holds."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    shown, position = "", 0
    for each in statements_of(text):
        if each.value is None:
            continue
        start, end = each.value
        value = tomllib.loads(f"value = {text[start:end]}")["value"]
        masked = _masked(each.path, value)
        if masked != value:
            shown += f"{text[position:start]}{toml_value(masked)}"
            position = end
    return _COMMENT.sub(_hidden_comment, shown + text[position:])


def _hidden_comment(comment: re.Match[str]) -> str:
    text = comment[0]
    for pattern in _IN_COMMENT:
        text = pattern.sub(_hidden_key, text)
    return text


def _hidden_key(found: re.Match[str]) -> str:
    quote = '"' if found[0][-1] in "\"'" else ""
    return f"{found['before']}{quote}{HIDDEN}{quote}"


def _masked(path: KeyPath, value: Any) -> Any:
    """Return a value with "…" for each text in it that is a key, or stands where no key is known."""
    if isinstance(value, dict):
        return {key: _masked((*path, key), inner) for key, inner in value.items()}
    if not isinstance(value, str | list):
        return value
    field = table_at(path[:-1]).model_fields.get(str(path[-1]))
    if field is None or _is_secret(field):
        return HIDDEN
    return value if field.repr or not isinstance(value, str) else _masked_url(value)


def _is_secret(field: FieldInfo) -> bool:
    return model_in(field.annotation) is SecretRef


def _masked_url(url: str) -> str:
    """Return a URL without a password, without what follows its application, and without its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    if "@" in parts.netloc:
        return HIDDEN
    application, stream = application_and_stream(url)
    shown = f"{parts.scheme}://{parts.netloc}/{application}"
    return f"{shown}/{HIDDEN}" if stream or parts.query else url
