"""Sources without keyframes: recovery points take their place, and nothing else does."""

import pytest

from restream_agent.stream.flv import VIDEO, Tag
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.recovery import RARE, RecoveryPoints
from tests.unit.stream.flv_making import FRAME, picture, sound
from tests.unit.stream.splice_bench import SpliceBench

RECOVERY = b"\x06\x06\x01\xc4\x80"


def refreshed(timestamp: int, *, is_point: bool, is_keyframe: bool = False, width: int = 4) -> Tag:
    """Return a picture of units, with or without the message that a decoder may begin there."""
    units = [RECOVERY, b"\x41\x9a"] if is_point else [b"\x41\x9a"]
    framed = b"".join(len(unit).to_bytes(width, "big") + unit for unit in units)
    return Tag(VIDEO, timestamp, bytes([0x17 if is_keyframe else 0x27, 1, 0, 0, 0]) + framed)


def header(width: int) -> Tag:
    """Return a sequence header that says how long a unit's length is."""
    return Tag(VIDEO, 0, b"\x17\0\0\0\0\1\x64\0\x1f" + bytes([0xFC | width - 1]) + b"\xe0\0")


@pytest.mark.parametrize("width", [2, 4])
def test_a_recovery_point_is_a_keyframe_where_keyframes_are_rare(width: int) -> None:
    """From four seconds after the last one on; the rest of the picture stays as it is."""
    points, marked = RecoveryPoints(), []
    points.marked(header(width))
    for timestamp in range(0, 3 * RARE, FRAME):
        tag = refreshed(timestamp, is_point=timestamp % 1000 == 0, is_keyframe=timestamp == 0, width=width)
        after = points.marked(tag)
        if after is not tag:
            marked.append(timestamp)
            assert (after.is_keyframe, after.timestamp, after.body[1:]) == (True, timestamp, tag.body[1:])
    assert marked == list(range(RARE + 1000, 3 * RARE, 1000))


def test_with_keyframes_a_recovery_point_is_none() -> None:
    """An encoder with open groups sends both."""
    points = RecoveryPoints()
    for timestamp in range(0, 20_000, 500):
        tag = refreshed(timestamp, is_point=timestamp % 2000 == 1000, is_keyframe=timestamp % 2000 == 0)
        assert points.marked(tag) is tag


def test_a_stream_that_is_joined_begins_at_a_recovery_point() -> None:
    """A keyframe may have been long ago; pictures without the message and sound stay as they are."""
    points = RecoveryPoints()
    for tag in (refreshed(0, is_point=False), sound(0, 1), picture(40, 1, is_keyframe=False)):
        assert points.marked(tag) is tag
    assert points.marked(refreshed(80, is_point=True)).is_keyframe


@pytest.mark.parametrize("has_points", [True, False])
def test_the_program_returns_to_an_endless_group_at_a_recovery_point(*, has_points: bool) -> None:
    """After a break; without recovery points it waits for a keyframe, and says so."""
    bench, points = SpliceBench(Settings(standby=True)), RecoveryPoints()
    bench.pass_time(100)
    bench.connect()

    def play(begin: int, end: int) -> None:
        for timestamp in range(begin, end, FRAME):
            tag = refreshed(
                timestamp, is_point=has_points and timestamp % 1000 == 0, is_keyframe=timestamp == 0
            )
            bench.take(bench.splice.live_tag(points.marked(tag), bench.now))
            bench.pass_time(FRAME)

    play(0, 8000)
    assert bench.source() is Source.LIVE
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    play(8000, 10_000)
    bench.take(bench.splice.hold_fallback(bench.now, held=False))
    play(10_000, 17_000)
    assert (bench.source() is Source.LIVE) == has_points
    assert bench.splice.waits_for(bench.now) == (("", 0) if has_points else ("keyframe", 7000))
