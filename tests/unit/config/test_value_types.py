"""A type's bounds are written once: its words, its messages and its schema follow from them."""

from contextlib import suppress
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from restream_agent.config.model import Config
from restream_agent.config.table import type_words
from restream_agent.config.value_types import ValueType, bits_per_second, choice, even_number, number, span
from restream_agent.systemd.time_spans import format_span

Order = Literal["first", "second", "third"]


@pytest.mark.parametrize(
    ("value_type", "words"),
    [
        (span(), "time span"),
        (span(0.2, 30), "time span, 200ms to 30s"),
        (span(0, 60), "time span, up to 1min"),
        (span(60, word="never"), 'time span from 1min, or "never"'),
        (span(word="forever"), 'time span, or "forever"'),
        (choice(Literal["only"]), '"only"'),
        (choice(Literal[1, 2]), "1 or 2"),
        (choice(Order), '"first", "second" or "third"'),
        (number(1, 120, unit="frames a second"), "number, 1 to 120"),
        (even_number(128, 7680, unit="pixels"), "even number, 128 to 7680"),
        (bits_per_second("100k", "100M"), 'bitrate, "100k" to "100M"'),
    ],
)
def test_the_words_name_the_bounds(value_type: ValueType, words: str) -> None:
    """They are what docs/configuration.md shows."""
    assert value_type.words == words


def refusal(value_type: ValueType, value: object) -> str:
    """Return why a value is refused, "" if it is accepted."""
    try:
        value_type.read(value)
    except PydanticCustomError as error:
        return error.message()
    return ""


@given(st.floats(0.001, 1000), st.floats(0.001, 1000), st.floats(0, 2000))
def test_a_span_is_accepted_exactly_within_its_bounds(one: float, other: float, seconds: float) -> None:
    """A message names the bound that is broken, as the words do."""
    low, high = round(min(one, other), 3), round(max(one, other), 3)
    value_type = span(low, high)
    message = refusal(value_type, seconds)
    assert (message == "") is (low <= seconds <= high)
    bound = format_span(low) if seconds < low else format_span(high)
    assert not message or (bound in message and bound in value_type.words)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(0, 6000))
def test_a_number_is_accepted_exactly_within_its_bounds(one: int, other: int, value: int) -> None:
    """Even numbers have to be even, too."""
    low, high = min(one, other), max(one, other)
    is_within = low <= value <= high
    assert (refusal(number(low, high, unit="pixels"), value) == "") is is_within
    assert (refusal(even_number(low, high, unit="pixels"), value) == "") is (is_within and value % 2 == 0)


@given(st.integers(1, 200_000))
def test_a_bitrate_is_accepted_exactly_within_its_bounds(kilobits: int) -> None:
    """It is read as bit/s."""
    value_type = bits_per_second("100k", "100M")
    assert (refusal(value_type, f"{kilobits}k") == "") is (100 <= kilobits <= 100_000)
    with suppress(PydanticCustomError):
        assert value_type.read(f"{kilobits}k") == kilobits * 1000


@given(st.sampled_from(["first", "third"]) | st.text() | st.integers() | st.booleans() | st.floats())
def test_a_choice_takes_the_values_of_its_literal_and_no_others(value: object) -> None:
    """Neither True for 1 nor 1.0."""
    assert (refusal(choice(Order), value) == "") is (value in ("first", "third"))
    assert (refusal(choice(Literal[1, 2]), value) == "") is (type(value) is int and value in (1, 2))


def test_the_schema_has_the_bounds() -> None:
    """So that an editor marks what `check` would refuse."""
    schema = TypeAdapter(Annotated[float, span(0.2, 30)]).json_schema()
    assert schema["anyOf"] == [{"type": "string"}, {"type": "number", "minimum": 0.2, "maximum": 30}]


def test_pydantic_reads_through_the_type() -> None:
    """And reports its message."""
    adapter = TypeAdapter(Annotated[float, span(0.2, 30)])
    assert adapter.validate_python("1.5s") == 1.5
    with pytest.raises(ValidationError, match="must be at most"):
        adapter.validate_python("1min")


def test_a_table_s_keys_have_the_words_of_their_types() -> None:
    """Those of tables are as short as the others."""
    assert {name: type_words(field) for name, field in Config.model_fields.items()} == {
        "version": "1",
        "ingest": "table",
        "fallback": "table",
        "relay": "table",
        "agent": "table",
        "platforms": "table of tables",
        "notify": "table",
        "channels": "table of tables",
    }
