"""Objects as bytes: what comes back, and that nothing but what was written is taken."""

import json
from binascii import crc32
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire.snapshot import Format, SnapshotError


class OneShade(StrEnum):
    RED = "red"


class NamedPoint(NamedTuple):
    x: int
    y: float


@dataclass(frozen=True, slots=True)
class WithBody:
    body: bytes


class WithSocket:
    count: int
    socket: object

    def __init__(self) -> None:
        self.count = 3
        self.socket = object()


@dataclass
class Everything:
    colour: OneShade = OneShade.RED
    is_so: bool = True
    text: str = "ä"
    number: float = 2
    leaf: WithBody = field(default_factory=lambda: WithBody(b"leaf"))
    plain: WithSocket = field(default_factory=WithSocket)
    none: int | None = None
    some: NamedPoint | None = field(default_factory=lambda: NamedPoint(1, 2.5))
    row: tuple[int, str] = (1, "a")
    many: tuple[str, ...] = ("a", "b")
    buffer: bytearray = field(default_factory=lambda: bytearray(b"half"))
    few: deque[WithBody] = field(default_factory=lambda: deque([WithBody(b"1"), WithBody(b"2")], maxlen=2))
    by_number: dict[int, bytes] = field(default_factory=lambda: {8: b"sound"})
    said: set[str] = field(default_factory=lambda: {"once"})


FORMAT = Format(7, {WithSocket: ("socket",)})
WRITTEN = b"".join(FORMAT.dump(Everything()))


def loaded(data: bytes) -> Everything:
    return FORMAT.load(Everything, data)


def packed(sizes: Any, plain: Any, pieces: bytes) -> bytes:
    """Return bytes with a right checksum."""
    content = json.dumps([sizes, plain]).encode()
    head = WRITTEN[:12] + crc32(content + pieces).to_bytes(4, "little") + len(content).to_bytes(8, "little")
    return head + content + pieces


def test_everything_comes_back_as_it_was() -> None:
    """A deque keeps its limit, and an object what is left out of it only by its reader."""
    read = loaded(WRITTEN)
    assert (read.plain.count, hasattr(read.plain, "socket")) == (3, False)
    assert Everything(plain=read.plain) == read
    assert (read.few.maxlen, type(read.buffer), type(read.some)) == (2, bytearray, NamedPoint)


def test_what_is_shared_is_written_once_and_shared_again() -> None:
    """The queues of many relays have the same tags."""
    body = bytes(1000)
    data = b"".join(FORMAT.dump(Everything(few=deque([WithBody(body), WithBody(body)]))))
    assert len(data) < 2000
    first, second = loaded(data).few
    assert first.body is second.body


def test_an_attribute_that_no_annotation_names_is_an_error() -> None:
    """It would be lost without a word."""
    forgetful = Everything()
    forgetful.plain.new = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="WithSocket has no annotation of new"):
        FORMAT.dump(forgetful)


@pytest.mark.parametrize("wrong", [Everything(text=None), Everything(row=(1, "a", 2))])  # type: ignore[arg-type]
def test_a_value_of_another_type_is_not_written(wrong: Everything) -> None:
    """The reader would refuse it."""
    with pytest.raises((TypeError, ValueError)):
        FORMAT.dump(wrong)


@given(st.integers(0, len(WRITTEN) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused(place: int, change: int) -> None:
    """Wherever it is."""
    with pytest.raises(SnapshotError):
        loaded(WRITTEN[:place] + bytes([WRITTEN[place] ^ change]) + WRITTEN[place + 1 :])


@given(st.integers(0, len(WRITTEN) - 1))
def test_a_part_is_refused(length: int) -> None:
    """As of a file that was not written to its end."""
    with pytest.raises(SnapshotError):
        loaded(WRITTEN[:length])


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    """At the beginning, behind our own head, and after the end."""
    for foreign in (data, WRITTEN[:24] + data, WRITTEN + data + b"\0"):
        with pytest.raises(SnapshotError):
            loaded(foreign)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "few"]), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(Everything.__annotations__)), JSON)
def test_a_wrong_value_with_a_right_checksum_is_refused_or_is_of_the_type(name: str, value: Any) -> None:
    """No error but SnapshotError comes out of it, and nothing but the types of the annotations."""
    length = int.from_bytes(WRITTEN[16:24], "little")
    sizes, plain = json.loads(WRITTEN[24 : 24 + length])
    plain[name] = value
    try:
        read = loaded(packed(sizes, plain, WRITTEN[24 + length :]))
    except SnapshotError:
        return
    FORMAT.dump(read.__class__(**{each: getattr(read, each) for each in plain if each != "plain"}))


@given(JSON, JSON, st.binary(max_size=8))
def test_any_json_with_a_right_checksum_is_refused(sizes: Any, plain: Any, pieces: bytes) -> None:
    """It is no object of ours."""
    with pytest.raises(SnapshotError):
        loaded(packed(sizes, plain, pieces))


def test_another_version_is_refused() -> None:
    """Of the format, or of a class in it."""
    with pytest.raises(SnapshotError, match="another version"):
        Format(8, {WithSocket: ("socket",)}).load(Everything, WRITTEN)
    with pytest.raises(SnapshotError, match="other attributes"):
        FORMAT.load(WithSocket, WRITTEN)
