"""Objects as bytes: the state that a process leaves to the next one, written and strictly read. Pure.

An object is written attribute by attribute, as the annotations of its class name them. An attribute may be a
bool, an int, a float, a str, bytes, a bytearray, a StrEnum, a NamedTuple, another object, one of those
`| None`, or a tuple, list, deque, set or dict of those. Nothing but these is made when it is read: no code
and no class that an annotation does not name, so a file of somebody else can at most be refused.

Whoever reads gives the object what is left out: `vars(mine).update(vars(read))`.

The bytes are a head with a checksum, JSON with everything but the bytes of the objects, and these bytes.
What several attributes share is written once, and shared again when it is read.
"""

import json
import struct
from binascii import crc32
from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin

T = TypeVar("T")

_HEAD = struct.Struct("<8sIIQ")
_MAGIC = b"restream"

LARGEST = 128 * 1024 * 1024
"""Bytes. What is held, the group of pictures and a full queue are 80 MiB."""


class SnapshotError(ValueError):
    """The bytes are not what this version writes: damaged, cut off, foreign or of another version."""


class Format:
    """A version of the bytes. `left_out` has, by class, the attributes that the reader has from elsewhere."""

    def __init__(self, version: int, left_out: Mapping[type, tuple[str, ...]]) -> None:
        self._version = version
        self._left_out = left_out

    def dump(self, state: Any) -> list[bytes]:
        """Return an object as pieces of bytes; TypeError for an attribute of another type."""
        writer = _Writer(self)
        plain = writer.plain(type(state), state)
        text = json.dumps([[len(piece) for piece in writer.pieces], plain]).encode()
        checksum = crc32(text)
        for piece in writer.pieces:
            checksum = crc32(piece, checksum)
        return [_HEAD.pack(_MAGIC, self._version, checksum, len(text)), text, *writer.pieces]

    def load(self, kind: type[T], data: bytes) -> T:
        """Return the object in these bytes, without the attributes that are left out; or SnapshotError."""
        try:
            magic, version, checksum, length = _HEAD.unpack_from(data)
            if (magic, version) != (_MAGIC, self._version):
                raise SnapshotError("it is of another version")
            content = memoryview(data)[_HEAD.size :]
            if crc32(content) != checksum:
                raise SnapshotError("it is damaged")
            sizes, plain = json.loads(bytes(content[:length]))
            loaded: T = _Reader(self, _cut(content[length:], sizes)).read(kind, plain)
        except (struct.error, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise SnapshotError(str(error)) from error
        return loaded

    def attributes(self, kind: type) -> dict[str, Any]:
        """Return the type of each attribute that is written."""
        left_out = self.left_out(kind)
        return {name: one for name, one in kind.__annotations__.items() if name not in left_out}

    def left_out(self, kind: type) -> frozenset[str]:
        """Return the names of the attributes that are not written."""
        return frozenset(self._left_out.get(kind, ()))


def _cut(content: memoryview, sizes: list[int]) -> list[bytes]:
    """Return the pieces at the end of the bytes, which they fill."""
    pieces, position = [], 0
    for size in sizes:
        pieces.append(bytes(content[position : position + size]))
        position += size
    if position != len(content) or any(size < 0 for size in sizes):
        raise SnapshotError("its pieces have other lengths")
    return pieces


class _Writer:
    """Turns objects into what json.dumps takes; bytes become the number of their piece."""

    def __init__(self, form: Format) -> None:
        self.pieces: list[bytes] = []
        self._format = form
        self._numbers: dict[int, int] = {}

    def plain(self, kind: Any, value: Any) -> Any:  # noqa: PLR0911 - a line for each kind
        """Return a value of a type."""
        if get_origin(kind) is UnionType:
            return None if value is None else self.plain(_of(kind), value)
        origin: Any = get_origin(kind) or kind
        is_one: bool = isinstance(value, (int, float) if origin is float else origin)
        if not is_one:
            raise TypeError(f"a {type(value).__name__} is no {kind}")
        if origin in (bytes, bytearray):
            return self._number(value if origin is bytes else bytes(value))
        if origin is dict:
            of_key, of_value = get_args(kind)
            return [[self.plain(of_key, key), self.plain(of_value, each)] for key, each in value.items()]
        if origin is deque:
            return [value.maxlen, *self._all(kind, value)]
        if origin in (tuple, list, set):
            return self._all(kind, value)
        if origin in _SCALARS or issubclass(origin, StrEnum):
            return value
        return self._object(origin, value)

    def _object(self, kind: type, value: Any) -> dict[str, Any]:
        attributes = self._format.attributes(kind)
        if unknown := getattr(value, "__dict__", {}).keys() - attributes.keys() - self._format.left_out(kind):
            raise TypeError(f"{kind.__name__} has no annotation of {', '.join(unknown)}")
        return {name: self.plain(one, getattr(value, name)) for name, one in attributes.items()}

    def _all(self, kind: Any, values: Any) -> list[Any]:
        return [self.plain(one, each) for one, each in zip(_kinds(kind, len(values)), values, strict=True)]

    def _number(self, value: bytes) -> int:
        number = self._numbers.setdefault(id(value), len(self.pieces))
        if number == len(self.pieces):
            self.pieces.append(value)  # which keeps it, and so its id
        return number


class _Reader:
    """Turns that back into objects; TypeError, ValueError or KeyError for anything else."""

    def __init__(self, form: Format, pieces: list[bytes]) -> None:
        self._format = form
        self._pieces = pieces

    def read(self, kind: Any, plain: Any) -> Any:  # noqa: PLR0911 - a line for each kind
        """Return a value of a type."""
        if get_origin(kind) is UnionType:
            return None if plain is None else self.read(_of(kind), plain)
        origin = get_origin(kind) or kind
        if origin in _SCALARS:
            return _checked(origin, plain)
        if origin in (bytes, bytearray):
            return origin(self._piece(_checked(int, plain)))
        if origin is dict:
            of_key, of_value = get_args(kind)
            return {self.read(of_key, key): self.read(of_value, each) for key, each in plain}
        if origin is deque:
            longest, *items = _checked(list, plain)
            longest = self.read(int | None, longest)
            return deque(self._all(kind, items), longest)
        if origin in (tuple, list, set):
            return origin(self._all(kind, plain))
        if issubclass(origin, StrEnum):
            return origin(_checked(str, plain))
        return self._object(origin, _checked(dict, plain))

    def _all(self, kind: Any, plain: Any) -> list[Any]:
        items = _checked(list, plain)
        return [self.read(one, each) for one, each in zip(_kinds(kind, len(items)), items, strict=True)]

    def _piece(self, number: int) -> bytes:
        if not 0 <= number < len(self._pieces):
            raise SnapshotError("a piece is missing")
        return self._pieces[number]

    def _object(self, kind: type, plain: dict[str, Any]) -> Any:
        attributes = self._format.attributes(kind)
        if attributes.keys() != plain.keys():
            raise SnapshotError(f"{kind.__name__} has other attributes")
        values = {name: self.read(one, plain[name]) for name, one in attributes.items()}
        if issubclass(kind, tuple):
            return kind(**values)
        made = object.__new__(kind)
        for name, value in values.items():
            object.__setattr__(made, name, value)  # which a frozen dataclass allows too
        return made


_SCALARS = (bool, int, float, str)


def _checked(kind: type, plain: Any) -> Any:
    is_number = kind is float and isinstance(plain, int) and not isinstance(plain, bool)
    if type(plain) is not kind and not is_number:
        raise TypeError(f"a {type(plain).__name__} is no {kind.__name__}")
    return plain


def _of(kind: Any) -> Any:
    """Return the type that a value has if it is not None."""
    (one,) = (each for each in get_args(kind) if each is not NoneType)
    return one


def _kinds(kind: Any, count: int) -> tuple[Any, ...]:
    """Return the type of each of so many items."""
    arguments = get_args(kind)
    is_row = get_origin(kind) is tuple and arguments[1:] != (Ellipsis,)
    return arguments if is_row else arguments[:1] * count
