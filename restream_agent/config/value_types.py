"""The types of values in the TOML that have bounds: time spans, numbers, choices, bitrates.

A type's bounds are written once. How a value is checked, what a message says, the words of the
reference and the JSON schema are all made from them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from restream_agent.config.complaints import complaint
from restream_agent.systemd.time_spans import format_span, parse_span

_LONGEST_SPAN = parse_span("100y")
_BITRATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kM])")
_BITS = {"k": 1_000, "M": 1_000_000}
_SIZE = re.compile(r"([0-9]{1,9})([MG])")
_BYTES = {"M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, eq=False)
class ValueType:
    """A type of value, to be used in `Annotated`.

    `words` are the reference's name for the type. `read` takes what tomllib returned and returns what
    the models hold, or raises `complaint`. `schema` is the JSON schema of what the TOML may hold, None
    where pydantic's own is right.
    """

    words: str
    read: Callable[[object], object]
    schema: Mapping[str, Any] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read a value before pydantic checks it."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe what the TOML may hold."""
        return handler(schema) if self.schema is None else dict(self.schema)


def span(low: float = 0, high: float = _LONGEST_SPAN, *, word: str = "") -> ValueType:
    """Return the type of time spans between two bounds in seconds; `word` reads as None, "no end"."""

    def read(value: object) -> object:
        if word and value == word:
            return None
        seconds = _seconds(value, word)
        if seconds < low:
            raise complaint(f'must be at least "{format_span(low)}"')
        if seconds > high:
            raise complaint(f'must be at most "{format_span(high)}"')
        return seconds

    number = {"type": "number", "minimum": low} | ({} if high == _LONGEST_SPAN else {"maximum": high})
    words = f'{_span_words(low, high)}, or "{word}"' if word else _span_words(low, high)
    return ValueType(words, read, {"anyOf": [{"type": "string"}, number]})


def _span_words(low: float, high: float) -> str:
    if high == _LONGEST_SPAN:
        return f"time span from {format_span(low)}" if low else "time span"
    if not low:
        return f"time span, up to {format_span(high)}"
    return f"time span, {format_span(low)} to {format_span(high)}"


def _seconds(value: object, word: str) -> float:
    """Read a time span's text, or a number of seconds."""
    if isinstance(value, str):
        try:
            return parse_span(value)
        except ValueError as error:
            raise complaint(str(error), f'or write "{word}"' if word else "") from None
    endings = ("a number of seconds", f'"{word}"') if word else ("a number of seconds",)
    hint = 'write it as "90s", "1min 30s" or ' + " or ".join(endings)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise complaint("must be a time span", hint)
    if not 0 <= value <= _LONGEST_SPAN:  # false for nan, too
        raise complaint("must be a time span from 0 to 100 years", hint)
    return float(value)


def choice(literal: object) -> ValueType:
    """Return the type that takes only the values of a `Literal`, which are texts or whole numbers."""
    allowed = get_args(literal)
    quoted = [f'"{value}"' if isinstance(value, str) else str(value) for value in allowed]
    words = " or ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))

    def read(value: object) -> object:
        if type(value) not in {str, int} or value not in allowed:
            raise complaint(f"must be {words}")
        return value

    return ValueType(words, read)


def number(low: float, high: float, *, unit: str) -> ValueType:
    """Return the type of numbers between two bounds."""
    message = f"must be a number of {unit} from {low:g} to {high:g}"

    def read(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise complaint(message)
        return float(value)

    schema = {"type": "number", "minimum": low, "maximum": high}
    return ValueType(f"number, {low:g} to {high:g}", read, schema)


def whole_number(low: int, high: int, *, unit: str) -> ValueType:
    """Return the type of whole numbers between two bounds."""

    def read(value: object) -> object:
        if value is None:  # the default: not limited
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise complaint(f"must be a whole number of {unit} from {low} to {high}")
        return value

    schema = {"type": "integer", "minimum": low, "maximum": high}
    return ValueType(f"whole number, {low} to {high}", read, schema)


def even_number(low: int, high: int, *, unit: str) -> ValueType:
    """Return the type of even numbers between two bounds."""
    noun = "even number"

    def read(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise complaint(f"must be an {noun} of {unit} from {low} to {high}")
        if value % 2:
            raise complaint(f"must be an {noun} of {unit}", "video encoders cannot halve an odd size")
        return value

    schema = {"type": "integer", "minimum": low, "maximum": high, "multipleOf": 2}
    return ValueType(f"{noun}, {low} to {high}", read, schema)


def bits_per_second(low: str, high: str) -> ValueType:
    """Return the type of bitrates such as "3000k" or "3M", read as bit/s, between two such bounds."""

    def read(value: object) -> object:
        bits = _bits(value) if isinstance(value, str) else None
        if bits is None:
            raise complaint("must be a bitrate", 'write it as "3000k" or "3M"')
        if not (_bits(low) or 0) <= bits <= (_bits(high) or 0):
            raise complaint(f'must be from "{low}" to "{high}"')
        return bits

    return ValueType(
        f'bitrate, "{low}" to "{high}"', read, {"type": "string", "pattern": f"^{_BITRATE.pattern}$"}
    )


def _bits(text: str) -> int | None:
    match = _BITRATE.fullmatch(text)
    return None if match is None else round(float(match[1]) * _BITS[match[2]])


def byte_size(low: str, high: str) -> ValueType:
    """Return the type of sizes such as "512M" or "2G", in powers of 1024 as in systemd, read as bytes."""

    def read(value: object) -> object:
        if value is None:  # the default: not limited
            return None
        size = _size(value) if isinstance(value, str) else None
        if size is None:
            raise complaint("must be a size of memory", 'write it as "512M" or "2G"')
        if not (_size(low) or 0) <= size <= (_size(high) or 0):
            raise complaint(f'must be from "{low}" to "{high}"')
        return size

    return ValueType(f'size, "{low}" to "{high}"', read, {"type": "string", "pattern": f"^{_SIZE.pattern}$"})


def _size(text: str) -> int | None:
    match = _SIZE.fullmatch(text)
    return None if match is None else int(match[1]) * _BYTES[match[2]]
