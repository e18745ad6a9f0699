"""A conversion's STATUS=: what is written is what is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire.conversion_status import ConversionStatus


@given(st.integers(0, 1000), st.none() | st.integers(0, 10**6))
def test_progress_is_read_as_written(thousandths: int, left: int | None) -> None:
    """To a tenth of a percent and to a second."""
    written = ConversionStatus(thousandths / 1000, left)
    read = ConversionStatus.read(written.to_status())
    assert read is not None
    assert (round(read.fraction * 1000), read.left) == (thousandths, left)


@pytest.mark.parametrize(
    ("reason", "hint", "text"),
    [
        ("a.mp4: is damaged", "", "failed: a.mp4: is damaged"),
        ("a.mp4: is\ndamaged", "check it", "failed: a.mp4: is damaged | check it"),
    ],
)
def test_a_failure_is_one_line(reason: str, hint: str, text: str) -> None:
    """systemd takes one line; the reason and the hint come back."""
    assert ConversionStatus(reason=reason, hint=hint).to_status() == text
    assert ConversionStatus.read(text) == ConversionStatus(reason=" ".join(reason.split()), hint=hint)


@pytest.mark.parametrize("text", ["", "fallback, 1 relay", "100 % done", "12.3 % done, soon"])
def test_other_texts_are_no_status(text: str) -> None:
    """Another program's words are not taken for progress."""
    assert ConversionStatus.read(text) is None
