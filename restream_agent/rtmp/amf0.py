"""AMF0: how RTMP writes the arguments of its commands, as far as a player needs it. Pure.

Source: Adobe's "Action Message Format -- AMF 0" (2007); sections in brackets.
"""

import struct

from restream_agent.rtmp.errors import ProtocolError

Value = float | bool | str | None | list["Value"] | dict[str, "Value"]

_DEEPEST = 16
"""Levels of objects inside objects. A server's answer has two."""

_MOST_VALUES = 1000
"""Values in one message. A server's answer has about ten."""

_DOUBLE = struct.Struct(">d")
_END = b"\x00\x00\x09"


def encode(*values: Value) -> bytes:
    """Return the bytes of values, one after another. A string has less than 64 KiB."""
    return b"".join(_encode_one(value) for value in values)


def _encode_one(value: Value) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01\x01" if value else b"\x01\x00"
    if isinstance(value, int | float):
        return b"\x00" + _DOUBLE.pack(value)
    if isinstance(value, str):
        return b"\x02" + _name(value)
    if isinstance(value, list):
        return b"\x0a" + len(value).to_bytes(4, "big") + encode(*value)
    fields = (_name(name) + _encode_one(field) for name, field in value.items())
    return b"\x03" + b"".join(fields) + _END


def _name(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def decode(data: bytes) -> list[Value]:
    """Return the values in a message's body.

    References and dates are read as None, XML as text. Raises ProtocolError if the body is not AMF0, ends
    inside a value, or is deeper or longer than the limits above.
    """
    return _Amf0Reader(data).values()


class _Amf0Reader:
    """Reads one body from front to back, so its time grows with the body's length."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._count = 0

    def values(self) -> list[Value]:
        values = []
        while self._position < len(self._data):
            values.append(self._value(0))
        return values

    def _take(self, size: int) -> bytes:
        start = self._position
        self._position = start + size
        if self._position > len(self._data):
            raise ProtocolError("a command of the server ends inside a value")
        return self._data[start : self._position]

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _text(self, width: int) -> str:
        return self._take(self._number(width)).decode("utf-8", "replace")

    def _value(self, depth: int) -> Value:
        self._count += 1
        if self._count > _MOST_VALUES or depth > _DEEPEST:
            raise ProtocolError("a command of the server is longer or deeper than any answer")
        marker = self._number(1)
        if marker == 0x00:  # number [2.2]
            return float(_DOUBLE.unpack(self._take(8))[0])
        if marker == 0x01:  # boolean [2.3]
            return self._number(1) != 0
        if marker == 0x02:  # string [2.4]
            return self._text(2)
        if marker in (0x0C, 0x0F):  # long string, XML [2.14, 2.17]
            return self._text(4)
        return self._composite(marker, depth)

    def _composite(self, marker: int, depth: int) -> Value:
        if marker in (0x05, 0x06, 0x0D):  # null, undefined, unsupported [2.7, 2.8, 2.15]
            return None
        if marker in (0x07, 0x0B):  # reference, date with its time zone [2.9, 2.13]
            self._take(2 if marker == 0x07 else 10)
            return None
        if marker == 0x0A:  # strict array [2.12]
            return [self._value(depth + 1) for _ in range(min(self._number(4), _MOST_VALUES + 1))]
        if marker == 0x10:  # typed object: its class, then as an object [2.18]
            self._text(2)
        elif marker == 0x08:  # ECMA array: its count is only a hint [2.10]
            self._take(4)
        elif marker != 0x03:  # object [2.5]
            raise ProtocolError(f"a command of the server holds a value of the unknown type {marker}")
        return self._fields(depth)

    def _fields(self, depth: int) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        while self._data[self._position : self._position + 3] != _END:
            name = self._text(2)
            fields[name] = self._value(depth + 1)
        self._position += len(_END)
        return fields
