"""AMF0, as far as a publisher needs it: values to bytes and back. Pure; standard library only.

It follows Adobe's "Action Message Format -- AMF 0" (2007).
"""

import struct
from collections.abc import Mapping

Value = float | bool | str | None | Mapping[str, "Value"]

NUMBER, BOOLEAN, TEXT, OBJECT, NULL, UNDEFINED, ARRAY = 0, 1, 2, 3, 5, 6, 8
END = b"\x00\x00\x09"
_DOUBLE = struct.Struct(">d")


def encode(*values: Value) -> bytes:
    """Return the bytes of values, one after another; texts have less than 64 KiB."""
    return b"".join(map(_encode_one, values))


def decode(data: bytes) -> list[Value]:
    """Return the values of a command; ValueError for what no server answers (arrays, dates, references)."""
    values, position = [], 0
    while position < len(data):
        value, position = _value(data, position)
        values.append(value)
    return values


def _encode_one(value: Value) -> bytes:
    if value is None:
        return bytes((NULL,))
    if isinstance(value, bool):
        return bytes((BOOLEAN, value))
    if isinstance(value, int | float):
        return bytes((NUMBER,)) + _DOUBLE.pack(value)
    if isinstance(value, str):
        return bytes((TEXT,)) + _name(value)
    fields = (_name(name) + _encode_one(one) for name, one in value.items())
    return bytes((OBJECT,)) + b"".join(fields) + END


def _name(text: str) -> bytes:
    return len(text.encode()).to_bytes(2) + text.encode()


def _value(data: bytes, position: int) -> tuple[Value, int]:
    kind, at = data[position], position + 1
    if kind == NUMBER:
        return float(_DOUBLE.unpack_from(data, at)[0]), at + 8
    if kind == BOOLEAN:
        return data[at] != 0, at + 1
    if kind == TEXT:
        return _text(data, at)
    if kind in (NULL, UNDEFINED):
        return None, at
    if kind in (OBJECT, ARRAY):
        return _fields(data, at + 4 if kind == ARRAY else at)
    raise ValueError(f"AMF0 type {kind}")


def _text(data: bytes, position: int) -> tuple[str, int]:
    start = position + 2
    end = start + int.from_bytes(data[position:start])
    return data[start:end].decode(errors="replace"), end


def _fields(data: bytes, position: int) -> tuple[Mapping[str, Value], int]:
    fields: dict[str, Value] = {}
    while data[position : position + 3] != END:
        name, position = _text(data, position)
        fields[name], position = _value(data, position)
    return fields, position + 3
