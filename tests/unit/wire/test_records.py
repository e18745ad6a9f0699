"""Dataclasses as JSON: what is written is read, and nothing else is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire import records
from restream_agent.wire.records import KEY, LARGEST


class Colour(StrEnum):
    """A text of two."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    """A table in a table."""

    count: int
    name: str | None = None


@dataclass(frozen=True)
class Sample:
    """A field of each type that there is."""

    flag: bool
    share: float
    text: str
    mode: Literal["fast", "slow"]
    inner: Inner
    names: tuple[str, ...]
    rows: Mapping[str, Inner]
    limit: float | None
    colour: Colour = field(default=Colour.RED, metadata={KEY: "color"})


TABLE: dict[str, Any] = {
    "flag": True, "share": 0.5, "text": "t", "mode": "fast", "inner": {"count": 1}, "names": ["a", "b"],
    "rows": {"x": {"count": 2, "name": "n"}}, "limit": None, "color": "blue",
}  # fmt: skip
SAMPLE = Sample(
    flag=True, share=0.5, text="t", mode="fast", inner=Inner(1), names=("a", "b"), rows={"x": Inner(2, "n")},
    limit=None, colour=Colour.BLUE,
)  # fmt: skip


def test_a_table_becomes_a_record() -> None:
    """With tuples for lists, and a default for the key that is missing."""
    assert records.from_table(Sample, TABLE) == SAMPLE
    assert records.from_table(Inner, {"count": 1}) == Inner(1)


def test_a_record_becomes_plain_data() -> None:
    """Every field, under its key, in the order of the fields."""
    plain = records.as_table(SAMPLE)
    assert plain == TABLE | {"inner": {"count": 1, "name": None}}
    assert list(plain) == list(TABLE)
    assert type(plain["color"]) is str


def test_a_settings_file_is_sorted_and_has_a_line_for_each_key() -> None:
    """So that `diff` shows what changes."""
    assert records.to_file(Inner(1, "n")) == '{\n  "count": 1,\n  "name": "n"\n}\n'


names = st.text(st.characters(codec="utf-8"), max_size=5)
inners = st.builds(Inner, st.integers(-LARGEST, LARGEST), st.none() | names)
numbers = st.floats(-1e15, 1e15)


@given(
    st.builds(
        Sample,
        flag=st.booleans(),
        share=numbers,
        text=names,
        mode=st.sampled_from(["fast", "slow"]),
        inner=inners,
        names=st.lists(names, max_size=3).map(tuple),
        rows=st.dictionaries(names, inners, max_size=3),
        limit=st.none() | numbers,
        colour=st.sampled_from(Colour),
    )
)
def test_what_was_written_is_read(record: Sample) -> None:
    """In either form."""
    assert records.parse(Sample, records.to_file(record)) == record
    assert records.parse(Sample, records.to_datagram(record)) == record


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"flag": 1}, TypeError, "flag: is neither true nor false"),
        ({"share": True}, TypeError, "share: is not a number"),
        ({"share": "1"}, TypeError, "share: is not a number"),
        ({"share": 10**30}, ValueError, "share: is a number out of bounds"),
        ({"inner": {"count": 1.0}}, TypeError, "inner.count: is not a whole number"),
        ({"inner": {"count": 2**63}}, ValueError, "inner.count: is a number out of bounds"),
        ({"inner": {}}, TypeError, "inner.count: is missing"),
        ({"inner": [1]}, TypeError, "inner: is not a table"),
        ({"rows": {"x": {"count": None}}}, TypeError, "rows.x.count: is not a whole number"),
        ({"rows": []}, TypeError, "rows: is not a table"),
        ({"names": "ab"}, TypeError, "names: is not a list"),
        ({"names": ["a", 1]}, TypeError, "names[1]: is not text"),
        ({"text": "\ud800"}, ValueError, "text: is not Unicode text"),
        ({"mode": "other"}, ValueError, "mode: is none of fast, slow"),
        ({"color": "green"}, ValueError, "color: is none of red, blue"),
        ({"colour": "red"}, TypeError, "colour: is not a known key"),
        ({"a\nb": 1}, TypeError, "'a\\nb': is not a known key"),
    ],
)
def test_an_error_names_the_key_and_not_the_value(
    change: dict[str, Any], error: type[Exception], message: str
) -> None:
    """TypeError for the shape, ValueError for the content."""
    with pytest.raises(error) as caught:
        records.parse(Sample, json.dumps(TABLE | change))
    assert str(caught.value) == message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_refused(number: str) -> None:
    """Python's json would read the first three."""
    with pytest.raises(ValueError, match=r"not a number|out of bounds"):
        records.parse(Sample, json.dumps(TABLE).replace("0.5", number))


def test_a_nesting_without_end_is_a_value_error() -> None:
    """And not a RecursionError, which nobody expects."""
    with pytest.raises(ValueError, match="nested too deep"):
        records.parse(Sample, "[" * 100_000)


@given(st.binary(max_size=200))
def test_no_text_does_harm(data: bytes) -> None:
    """It is a record, or one of two errors."""
    with pytest.raises((TypeError, ValueError)):
        records.parse(Sample, data)
