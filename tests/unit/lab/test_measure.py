"""The laboratory's figures: silences, timestamp faults, claps, and control groups."""

import math
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import cgroups, clapper
from tests.lab.measure import gap_around, longest_silence, non_monotonic, traffic
from tests.lab.rtmp import AUDIO, DATA, VIDEO, RtmpMessage
from tests.lab.taps import Connection

PICTURE = b"\x27\x01\x00\x00\x00"
PICTURE_HEADER = b"\x17\x00\x00\x00\x00"
SOUND = b"\xaf\x01\x00"


def message(kind: int, timestamp: int, payload: bytes) -> RtmpMessage:
    return RtmpMessage(kind, timestamp, payload, arrived=0.0)


def test_a_silence_that_begins_before_the_event_counts_in_full() -> None:
    """It lasts from the last packet before the event to the first packet after it."""
    assert longest_silence([0.0, 1.0, 1.8, 2.0], 1.5, 3.0) == pytest.approx(1000)


def test_a_silence_that_lasts_beyond_the_span_counts_in_full() -> None:
    """The packet that ends it may arrive after the measured stretch."""
    assert longest_silence([0.0, 1.0, 9.0], 0.5, 2.0) == pytest.approx(8000)


def test_a_stream_that_ended_is_silent_to_the_end_of_the_span() -> None:
    """The time after the last packet counts as a silence."""
    assert longest_silence([0.0, 1.0], 0.5, 6.0) == pytest.approx(5000)


def test_a_stream_that_never_began_is_silent_for_the_whole_span() -> None:
    """Without any packet there is one silence, as long as the measured stretch."""
    assert longest_silence([], 1.0, 3.0) == pytest.approx(2000)


@given(st.lists(st.floats(0, 100)).map(sorted), st.floats(0, 99), st.floats(0.1, 10), st.data())
def test_a_lost_packet_never_shortens_the_longest_silence(
    arrivals: list[float], start: float, length: float, data: st.DataObject
) -> None:
    """The stream goes on before and after the measured stretch."""
    whole = [-1.0, *arrivals, 200.0]
    lost = data.draw(st.integers(0, len(arrivals)))
    fewer = [*whole[:lost], *whole[lost + 1 :]] if lost else whole
    end = start + length
    assert longest_silence(fewer, start, end) >= longest_silence(whole, start, end)


def test_the_gap_of_a_return_is_the_silence_around_the_cut() -> None:
    """A silence two seconds away from the change of source does not count."""
    arrivals = [0.0, 3.0, 3.1, 3.5, 4.0, 4.1, 5.2, 9.0]
    assert gap_around(arrivals, 4.1) == pytest.approx(1100)


def test_equal_and_earlier_stamps_are_faults_and_headers_are_not() -> None:
    """Each kind has its own clock; a header may repeat the previous timestamp."""
    messages = [
        message(DATA, 0, b"meta"),
        message(VIDEO, 0, PICTURE_HEADER),
        message(VIDEO, 0, PICTURE),
        message(AUDIO, 0, SOUND),
        message(VIDEO, 0, PICTURE_HEADER),
        message(VIDEO, 0, PICTURE),
        message(AUDIO, 23, SOUND),
        message(AUDIO, 21, SOUND),
    ]
    assert non_monotonic(messages) == 2


def test_only_connections_with_media_count_as_broadcasts() -> None:
    """A refused connection counts as a TCP connection, not as a connection with media."""
    refused = Connection(1)
    accepted = Connection(2, messages=[message(AUDIO, 0, SOUND)])
    figures = traffic([refused, accepted])
    assert (figures.tcp_connections, figures.connections, figures.packets) == (2, 1, 1)


def tone(milliseconds: int) -> bytes:
    samples = range(48 * milliseconds)
    return array("h", (int(16000 * math.sin(2 * math.pi * n / 48)) for n in samples)).tobytes()


def test_a_tone_is_found_where_its_block_is_stamped() -> None:
    """A jump between two blocks' timestamps moves the second tone, as it does for a viewer."""
    silence = bytes(2 * 48 * 300)
    blocks = [(1000.0, len(silence) + len(tone(100))), (5000.0, len(silence) + len(tone(100)))]
    found = clapper.onsets(blocks, (silence + tone(100)) * 2, 48000)
    assert found == pytest.approx([1300.0, 5300.0], abs=2)


def test_a_flash_is_where_black_turns_white() -> None:
    """When a clapper turned white that is white in the first frame is unknown."""
    assert clapper.flashes([(0, True), (33, False), (67, True), (100, True)]) == [67]


def test_sound_and_picture_of_different_claps_are_not_paired() -> None:
    """A flash without a tone near it has no offset; late sound has a positive offset."""
    assert clapper.offsets([1000, 2000], [1040.0, 2900.0]) == [(1000, 40.0)]


def test_the_groups_of_a_mixed_layout_are_both_found() -> None:
    """cgroup2 and name=systemd count, other controllers do not."""
    mounts = (
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    )
    found = cgroups.hierarchies(mounts, "9:name=systemd:/\n4:memory:/x\n0::/user.slice\n")
    assert found == (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified/user.slice"))
