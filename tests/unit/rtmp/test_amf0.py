"""AMF0: what is written is read; a hostile body raises the typed error and costs linear time."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.rtmp import amf0
from restream_agent.rtmp.errors import ProtocolError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LEAVES = st.one_of(st.floats(allow_nan=False), st.booleans(), TEXT, st.none())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(TEXT.filter(bool), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=5))
def test_what_is_written_is_read(values: list[amf0.Value]) -> None:
    """Every value that the encoder writes comes back."""
    assert amf0.decode(amf0.encode(*values)) == values


def test_the_bytes_are_those_of_the_specification() -> None:
    """Sections 2.2 to 2.12, by hand."""
    written = amf0.encode("ab", 1.0, True, False, None, ["x"], {"k": 2})
    assert written == (
        b"\x02\x00\x02ab" b"\x00\x3f\xf0\0\0\0\0\0\0" b"\x01\x01" b"\x01\x00" b"\x05"
        b"\x0a\0\0\0\x01\x02\x00\x01x" b"\x03\x00\x01k\x00\x40\x00\0\0\0\0\0\0\0\0\x09"
    )  # fmt: skip


def test_a_text_is_counted_in_bytes() -> None:
    """In UTF-8 a letter may have several."""
    assert amf0.encode("é") == b"\x02\x00\x02\xc3\xa9"


def test_bytes_that_are_not_text_are_read() -> None:
    """A server may say anything in its description."""
    assert amf0.decode(b"\x02\0\x01\xff") == ["\N{REPLACEMENT CHARACTER}"]


@given(st.binary(max_size=2000))
@settings(max_examples=300)
def test_any_bytes_are_values_or_the_typed_error(data: bytes) -> None:
    """A hostile server causes no other exception."""
    with suppress(ProtocolError):
        assert isinstance(amf0.decode(data), list)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"\x03\0\x01a" * 100_000, "longer or deeper", id="deep objects"),
        pytest.param(b"\x0a\0\0\0\x01" * 100_000, "longer or deeper", id="deep arrays"),
        pytest.param(b"\x0a\xff\xff\xff\xff" + b"\x05" * 100_000, "longer or deeper", id="a long array"),
        pytest.param(b"\x0a\0\0\x03\xe8" + b"\x05" * 999, "longer or deeper", id="an array without end"),
        pytest.param(b"\x05" * 1001, "longer or deeper", id="many values"),
        pytest.param(b"\x02\xff\xffabc", "ends inside", id="cut off"),
        pytest.param(b"\x03\0\x01a\x05", "ends inside", id="an object without end"),
        pytest.param(b"\x11", "unknown type 17", id="AMF3"),
    ],
)
def test_what_an_answer_never_holds_is_refused(data: bytes, words: str) -> None:
    """It is too deep, too long, cut off or unknown."""
    with pytest.raises(ProtocolError, match=words):
        amf0.decode(data)


def test_the_limits_themselves_pass() -> None:
    """16 levels of arrays, and 1000 values."""
    assert len(amf0.decode(b"\x0a\0\0\0\x01" * 16 + b"\x05")) == 1
    assert len(amf0.decode(b"\x05" * 1000)) == 1000
    with pytest.raises(ProtocolError):
        amf0.decode(b"\x0a\0\0\0\x01" * 17 + b"\x05")


def test_the_other_types_of_values_are_read() -> None:
    """ECMA array, date, typed object, long string, reference, undefined, unsupported, XML."""
    data = (
        b"\x08\0\0\0\x09\0\x01a\x01\x01\0\0\x09" b"\x0b" + bytes(10) + b"\x10\0\x01C\0\x01b\x05\0\0\x09"
        b"\x0c\0\0\0\x02hi" b"\x07\0\x01" b"\x06" b"\x0d" b"\x0f\0\0\0\x01x" b"\x01\x00"
    )  # fmt: skip
    assert amf0.decode(data) == [{"a": True}, None, {"b": None}, "hi", None, None, None, "x", False]
