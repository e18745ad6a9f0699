"""The fallback fills the hole that a source leaves: one that was late, or whose silence was noticed late."""

from itertools import pairwise

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.timeline import SHOWN, Timeline
from tests.unit.stream.splice_bench import SpliceBench, on_air

FRAME = 40


def gaps(bench: SpliceBench, kind: int) -> list[int]:
    """Return the distances between the timestamps of a track."""
    stamps = [tag.timestamp for _, tag in bench.sent if tag.kind == kind and tag.is_media]
    return [second - first for first, second in pairwise(stamps)]


def test_a_stall_leaves_no_hole_in_the_timeline() -> None:
    """It is noticed after a second, in which nothing came."""
    bench = on_air()
    bench.sent.clear()
    bench.pass_time(3000)
    assert bench.source() is Source.FALLBACK
    assert max(gaps(bench, VIDEO)) <= FRAME + 1
    assert max(gaps(bench, AUDIO)) <= 100


def test_the_end_of_a_late_source_leaves_no_hole() -> None:
    """An uplink at half of its rate for 3 s, and then OBS goes."""
    bench = on_air()
    bench.play(1500, speed=0.5)
    bench.sent.clear()
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(2000)
    assert max(gaps(bench, VIDEO)) <= FRAME + 1


@pytest.mark.parametrize(("stall", "hole"), [(0.4, 400), (2.0, 0), (3.0, 0), (5.0, 2000)])
def test_a_hole_is_filled_up_to_three_seconds(stall: float, hole: int) -> None:
    """More would be a burst that a platform takes for a fault; less than half a second is no hole."""
    bench = SpliceBench(Settings(standby=True, stall=round(1000 * stall)))
    bench.pass_time(1000)
    bench.connect()
    bench.play(3000)
    bench.pass_time(9000)
    # Live was ahead of the wall clock by up to 100 ms.
    assert hole - 100 <= max(gaps(bench, VIDEO)) <= hole + 2 * FRAME


@pytest.mark.parametrize(
    ("now", "begins"), [(1531, 1531), (1532, 1031), (4031, 1031), (4032, 1032), (9000, 6000)]
)
def test_the_fallback_begins_just_after_what_was_sent(now: int, begins: int) -> None:
    """The latest of sound and picture counts, and how long the picture is shown."""
    assert Timeline({AUDIO: 1000, VIDEO: 990, SHOWN: 1030}).hole_before(now) == begins


def test_before_the_first_tag_there_is_no_hole() -> None:
    """A broadcast that begins with the fallback begins now."""
    assert Timeline().hole_before(5000) == 5000
