"""Dataclasses as JSON: one writer and one strict reader for everything that processes exchange. Pure.

A field may be a bool, an int, a float, a str, a StrEnum, a Literal of texts, another dataclass, a tuple of
one type (`tuple[str, ...]`), a Mapping from str to one type, or one of those `| None`. The key in the JSON is
the field's name; `field(metadata={KEY: "other"})` gives it another one.

A key may be missing only if its field has a default. A process of the previous version may still run after an
upgrade, so a field that is new in a report needs a default.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

KEY = "key"
"""The entry of a field's metadata that names its key in the JSON."""

LARGEST = 2**63 - 1
"""The largest number that is read, and below 0 the smallest: ffmpeg and the kernel count up to there."""


def as_table(record: Any) -> dict[str, Any]:
    """Return a dataclass as the plain data that json.dumps takes, in the order of its fields."""
    return {_key(field): _as_plain(getattr(record, field.name)) for field in fields(record)}


def to_file(record: Any) -> str:
    """Return the text of a settings file: JSON with sorted keys, a line for each."""
    return json.dumps(as_table(record), indent=2, sort_keys=True) + "\n"


def to_datagram(record: Any) -> bytes:
    """Return JSON on one line, to be sent as one datagram."""
    return json.dumps(as_table(record)).encode()


def parse(kind: type[T], text: str | bytes) -> T:
    """Read JSON into a dataclass.

    Raises TypeError for a key that is unknown or missing and for a value of another type, ValueError for text
    that is not JSON and for a value that its field does not allow. The message begins with the key
    ("relays.twitch.sent") and never holds the value.
    """
    return from_table(kind, _loaded(text))


def parse_known(kind: type[T], text: str | bytes) -> T:
    """Read JSON as `parse` does, but leave out what a later version says in keys of its own."""
    values = _loaded(text)
    if isinstance(values, dict):
        values = {key: values[key] for key in values.keys() & _known(kind).keys()}  # type: ignore[arg-type]
    return from_table(kind, values)


def from_table(kind: type[T], values: object, place: str = "") -> T:
    """Read plain data into a dataclass; errors as `parse`. `place` is the key of the table itself."""
    if not isinstance(values, dict):
        raise TypeError(f"{place or 'the JSON'}: is not a table")
    known, arguments = _known(kind), {}  # type: ignore[arg-type]
    if not values.keys() <= known.keys():
        unknown = next(key for key in values if key not in known)
        raise TypeError(f"{_join(place, unknown)}: is not a known key")
    before = f"{place}." if place else ""
    for key, field in known.items():
        if key in values:
            arguments[field.name] = field.read(values[key], before + key)
        elif not field.has_default:
            raise TypeError(f"{before}{key}: is missing")
    return kind(**arguments)


def _loaded(text: str | bytes) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deep") from None


def _as_plain(value: Any) -> Any:
    if is_dataclass(value):
        return as_table(value)
    if isinstance(value, Mapping):
        return {key: _as_plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_as_plain(each) for each in value]
    return value.value if isinstance(value, StrEnum) else value


def _key(field: "Field[Any]") -> str:
    return str(field.metadata.get(KEY, field.name))


Reader = Callable[[object, str], Any]
"""Reads a value, given the key at which it stands; TypeError or ValueError."""


class _KnownField(NamedTuple):
    name: str
    read: Reader
    has_default: bool


@cache
def _known(kind: Any) -> dict[str, _KnownField]:
    """Return the fields of a dataclass by key. They are found once: reports come many times a second."""
    types = get_type_hints(kind)
    return {
        _key(field): _KnownField(
            field.name,
            _reader(types[field.name]),
            field.default is not MISSING or field.default_factory is not MISSING,
        )
        for field in fields(kind)
    }


def _join(place: str, key: str) -> str:
    # A key from outside may be anything; ascii() keeps it on one line.
    shown = key if key.isidentifier() else ascii(key)
    return f"{place}.{shown}" if place else shown


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


@cache
def _reader(kind: Any) -> Reader:
    """Return what reads a field of a type."""
    generic = _GENERIC_READERS.get(get_origin(kind))
    if generic is not None:
        return generic(get_args(kind))
    if is_dataclass(kind):
        return partial(from_table, kind)  # type: ignore[arg-type]
    if issubclass(kind, StrEnum):
        choice = _choice(tuple(kind))
        return lambda value, place: kind(choice(value, place))
    return _PLAIN_READERS[kind]


def _optional(arguments: tuple[Any, ...]) -> Reader:
    (kind,) = (each for each in arguments if each is not NoneType)
    read = _reader(kind)
    return lambda value, place: None if value is None else read(value, place)


def _items(arguments: tuple[Any, ...]) -> Reader:
    read = _reader(arguments[0])

    def read_items(value: object, place: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError(f"{place}: is not a list")
        return tuple(read(each, f"{place}[{index}]") for index, each in enumerate(value))

    return read_items


def _entries(arguments: tuple[Any, ...]) -> Reader:
    read = _reader(arguments[1])

    def read_entries(value: object, place: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError(f"{place}: is not a table")
        return {_text(key, place): read(each, _join(place, key)) for key, each in value.items()}

    return read_entries


def _choice(allowed: tuple[str, ...]) -> Reader:
    def read_choice(value: object, place: str) -> str:
        if _text(value, place) not in allowed:
            raise ValueError(f"{place}: is none of {', '.join(allowed)}")
        return str(value)

    return read_choice


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{place}: is not text")
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell
        raise ValueError(f"{place}: is not Unicode text") from None
    return value


def _truth(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{place}: is neither true nor false")
    return value


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{place}: is not a number")
    if not -LARGEST <= value <= LARGEST:  # which a float that is not a number fails, too
        raise ValueError(f"{place}: is a number out of bounds")
    return float(value)


def _whole_number(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{place}: is not a whole number")
    _number(value, place)
    return value


_PLAIN_READERS: Mapping[type, Reader] = {
    bool: _truth,
    int: _whole_number,
    float: _number,
    str: _text,
}
_GENERIC_READERS: Mapping[Any, Callable[[tuple[Any, ...]], Reader]] = {
    Union: _optional,
    UnionType: _optional,
    tuple: _items,
    Mapping: _entries,
    Literal: _choice,
}
