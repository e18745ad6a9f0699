"""Time spans are systemd's."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.systemd.time_spans import LONGEST, format_span, parse_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("90", 90),
        ("1min 30s", 90),
        ("1min30", 90),
        ("30min", 1800),
        ("1.5h", 5400),
        ("2d", 172800),
        ("500ms", 0.5),
        ("100us", 0.0001),
        (".5 s", 0.5),
        (" 5 sec ", 5),
        ("0", 0),
        ("1w", 604800),
    ],
)
def test_reads_what_systemd_reads(text: str, seconds: float) -> None:
    """Units, several parts, fractions and bare numbers mean what systemd.time(7) says."""
    assert seconds == parse_span(text)


@pytest.mark.parametrize(
    "text", ["", " ", "-1s", "1,5s", "1.s", "1e3", "s", "infinity", "5 bananas", "٣s", "1ss"]
)
def test_refuses_what_is_no_span(text: str) -> None:
    """What systemd does not read, and "infinity", is an error."""
    with pytest.raises(ValueError, match="time"):
        parse_span(text)


def test_refuses_more_than_a_century() -> None:
    """A span whose microseconds a float cannot hold is an error."""
    with pytest.raises(ValueError, match="longer than 100 years"):
        parse_span("101y")


def test_error_fits_one_short_line() -> None:
    """A message quotes no more than 40 printable characters of the text."""
    with pytest.raises(ValueError, match="is not a time span") as caught:
        parse_span("\n\x1b" + "x" * 500)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 130


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1800, "30min"), (90, "1min 30s"), (0.5, "500ms"), (0, "0s"), (172800, "2d"), (1.000001, "1s 1us")],
)
def test_writes_what_people_like(seconds: float, text: str) -> None:
    """The longest units come first and zero parts are left out."""
    assert text == format_span(seconds)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_does_not_write_what_is_no_span(seconds: float) -> None:
    """Negative and endless numbers are errors."""
    with pytest.raises(ValueError, match="neither negative nor endless"):
        format_span(seconds)


@given(st.integers(0, LONGEST))
def test_writing_and_reading_round_trip(microseconds: int) -> None:
    """Every number of microseconds comes back as it was."""
    seconds = microseconds / 1_000_000
    assert seconds == parse_span(format_span(seconds))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("seconds", [0.0001, 0.5, 90, 5400.25, 200000, 31557600])
def test_systemd_reads_what_is_written(seconds: float) -> None:
    """systemd-analyze agrees on the microseconds."""
    shown = subprocess.run(
        ("systemd-analyze", "timespan", format_span(seconds)),
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    assert f"μs: {round(seconds * 1_000_000)}" in shown.stdout
