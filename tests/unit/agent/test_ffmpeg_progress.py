"""ffmpeg's reports, as recorded from ffmpeg 5.1.9, and the rates that follow from them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.agent.ffmpeg_progress import WINDOW, Progress, ProgressHistory, Rates, read

RECORDED = b"""frame=61
fps=30.17
stream_0_0_q=-1.0
bitrate= 864.4kbits/s
total_size=205717
out_time_us=1904000
out_time_ms=1904000
out_time=00:00:01.904000
dup_frames=0
drop_frames=0
speed=0.942x
progress=continue
"""
FIRST = b"frame=1\nbitrate=N/A\ntotal_size=400\nout_time_us=0\nspeed=   0x\nprogress=continue\n"


def test_a_report_is_read() -> None:
    """Sizes in bytes, the position in seconds, the bitrate in bit/s."""
    expected = Progress(205717, 61, 1.904, bitrate=864400.0, frame_rate=30.17, speed=0.942)
    assert read(RECORDED) == expected


def test_the_first_report_has_no_bitrate() -> None:
    """N/A is not a number."""
    assert read(FIRST) == Progress(size=400, frames=1, position=0.0, speed=0.0)


def test_a_position_that_is_not_known_is_none() -> None:
    """As ffmpeg 7 says while one of its streams has not begun."""
    assert read(FIRST.replace(b"out_time_us=0", b"out_time_us=N/A")) == Progress(400, 1, None, speed=0.0)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\x00", b"frame=1\n", b"total_size=N/A\nout_time_us=N/A\n", b"x" * 9000]
)
def test_what_is_no_report_is_none(data: bytes) -> None:
    """Before anything was written, ffmpeg says N/A."""
    assert read(data) is None


@given(st.binary(max_size=500))
def test_no_datagram_does_harm(data: bytes) -> None:
    """Whoever sends it."""
    assert read(data) is None or isinstance(read(data), Progress)


@pytest.mark.parametrize("data", [b"total_size=" + b"9" * 30 + b"\n", b"total_size=-1\n"])
def test_a_size_that_cannot_be_is_no_report(data: bytes) -> None:
    """Nor can it be counted with."""
    assert read(data) is None


@pytest.mark.parametrize("value", [b"nan", b"inf", b"-inf", b"1e999"])
def test_what_is_no_number_is_not_known(value: bytes) -> None:
    """It could not be written as JSON."""
    report = read(b"total_size=500\nspeed=" + value + b"x\nout_time_us=" + value + b"\n")
    assert report == Progress(500, 0, None)


def test_rates_do_not_span_a_pause_between_two_ffmpegs() -> None:
    """The first had written headers alone; what the next one reports first is more."""
    delivery = ProgressHistory.begin(Progress(400, 0, 0.0), 100.0)
    delivery.add(Progress(750_000, 30, 1.0, bitrate=6_000_000.0, frame_rate=30.0, speed=1.0), 103.0)
    assert delivery.rates(103.0) == Rates(6_000_000.0, 30.0, 1.0)


def steady(seconds: int, *, began: float = 100.0) -> ProgressHistory:
    """Return what a relay of 1 Mb/s and 30 fps has reported after so many seconds."""
    delivery = ProgressHistory.begin(Progress(0, 0, 0.0, bitrate=None, speed=None), began)
    for second in range(1, seconds + 1):
        delivery.add(Progress(125_000 * second, 30 * second, float(second)), began + second)
    return delivery


def test_rates_are_those_of_the_last_seconds() -> None:
    """By the clock of arrival."""
    assert steady(20).rates(120.0) == Rates(bitrate=1_000_000, frame_rate=30, speed=1)


def test_what_happened_before_the_window_does_not_count() -> None:
    """A burst at the beginning is forgotten."""
    delivery = ProgressHistory.begin(Progress(10_000_000, 900, 30.0), 100.0)
    for second in range(1, 10):
        delivery.add(
            Progress(10_000_000 + 125_000 * second, 900 + 30 * second, 30.0 + second), 100.0 + second
        )
    assert delivery.rates(109.0) == Rates(bitrate=1_000_000, frame_rate=30, speed=1)


def test_the_first_report_shows_ffmpegs_own_averages() -> None:
    """So that an agent that was restarted has something to show at once."""
    first = read(RECORDED)
    assert first is not None
    assert ProgressHistory.begin(first, 100.0).rates(100.1) == Rates(864400.0, 30.17, 0.942)


def test_a_relay_that_says_nothing_delivers_nothing() -> None:
    """Old rates are not shown as new."""
    assert steady(10).rates(110.1 + WINDOW) == Rates(0, 0, 0)


def test_what_stands_still_does_not_advance() -> None:
    """Reports go on, but nothing more is delivered."""
    delivery = steady(10)
    delivery.add(delivery.newest, 111.0)
    assert (delivery.advanced_at, delivery.reported_at) == (110.0, 111.0)


def test_bytes_are_progress_though_the_time_stands_still() -> None:
    """ffmpeg 7 gives the time of a stream that has ended; the other one goes on."""
    delivery = steady(10)
    for second in range(11, 31):
        size = delivery.newest.size + 125_000
        delivery.add(replace(delivery.newest, size=size), 100.0 + second)
    assert (delivery.advanced_at, delivery.moved_at) == (130.0, 110.0)


def test_a_report_that_is_behind_is_another_ffmpegs_first() -> None:
    """Rates do not mix the two."""
    delivery = steady(10)
    delivery.add(Progress(400, 0, 0.0, frame_rate=0.0, speed=0.0), 115.0)
    assert (delivery.advanced_at, delivery.rates(115.0)) == (115.0, Rates(None, 0.0, 0.0))
