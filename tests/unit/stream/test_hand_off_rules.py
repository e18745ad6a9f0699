"""What the operator and the publisher may do in any order, and what each order means for the hand-offs."""

import pytest

from restream_agent.stream.hand_off import HandOff, Settings, Source
from restream_agent.stream.tracks import Missing
from tests.unit.stream.flv_making import origin, picture
from tests.unit.stream.splice_bench import FALLBACK, SpliceBench, on_air


def test_a_publisher_is_there_from_its_start_to_its_end() -> None:
    """Whether or not it is shown; what does not come of it is missing, without a publisher nothing is."""
    bench = SpliceBench(Settings(standby=True))
    assert (bench.splice.has_live, bench.splice.missing(60_000)) == (False, Missing.NOTHING)
    bench.connect()
    assert (bench.splice.has_live, bench.splice.missing(60_000)) == (True, Missing.ALL)
    bench.take(bench.splice.live_ended(bench.now))
    assert (bench.splice.has_live, bench.splice.missing(60_000)) == (False, Missing.NOTHING)


@pytest.mark.parametrize(("asked", "opened"), [(1300, 1300), (9000, 5000)])
def test_the_fallback_opens_when_it_is_asked_for(asked: int, opened: int) -> None:
    """If `opening` has not passed before."""
    bench = SpliceBench(Settings(opening=5000))
    bench.pass_time(1200)
    bench.splice.open_now(asked)
    bench.pass_time(8000)
    assert bench.splice.last_hand_off == HandOff("opening", Source.FALLBACK, opened)


def test_a_newer_file_begins_at_once_if_the_fallback_is_shown() -> None:
    """It is no hand-off; before the opening and under a live picture nothing changes."""
    bench = SpliceBench(Settings(opening=500))
    assert bench.splice.renew_fallback(bench.now) == []
    bench.pass_time(1700)
    before = bench.splice.last_hand_off
    sent = [tag for tag in bench.splice.renew_fallback(bench.now) if tag.is_media]
    assert (origin(sent[0]), sent[0].is_keyframe) == ((FALLBACK, 0), True)
    assert bench.splice.last_hand_off is before
    assert on_air().splice.renew_fallback(4000) == []


def test_a_break_is_a_hand_off_at_once() -> None:
    """From live to the first keyframe of the fallback."""
    bench = on_air()
    sent = [tag for tag in bench.splice.hold_fallback(bench.now, held=True) if tag.is_media]
    assert (origin(sent[0]), sent[0].is_keyframe) == ((FALLBACK, 0), True)
    assert bench.splice.last_hand_off == HandOff("break", Source.FALLBACK, bench.now)


def test_a_break_opens_a_broadcast() -> None:
    """The operator wants the fallback, and does not wait for a publisher."""
    bench = SpliceBench()
    assert bench.splice.hold_fallback(bench.now, held=True)
    assert bench.splice.last_hand_off == HandOff("break", Source.FALLBACK, 0)


def test_a_break_during_the_fallback_is_no_hand_off() -> None:
    """The fallback goes on where it is, with a publisher and without one."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(1000)
    before = bench.splice.last_hand_off
    assert bench.splice.hold_fallback(bench.now, held=True) == []
    bench.connect()
    assert bench.splice.hold_fallback(bench.now, held=True) == []
    assert bench.splice.last_hand_off is before


def test_the_end_of_a_break_that_never_was_changes_nothing() -> None:
    """Live stays, and what is waited for is waited for since the stall."""
    bench = on_air()
    assert bench.splice.hold_fallback(bench.now, held=False) == []
    bench.play(3000)
    assert bench.source() is Source.LIVE
    bench.pass_time(5000)
    before = bench.splice.waits_for(bench.now)
    assert bench.splice.hold_fallback(bench.now, held=False) == []
    assert (bench.splice.waits_for(bench.now), before[1] > 3000) == (before, True)


def test_the_settle_time_is_over_to_the_millisecond() -> None:
    """From then on a keyframe is waited for."""
    bench = SpliceBench(Settings(settle=3000, standby=True))
    bench.pass_time(1000)
    bench.connect()
    for at, waits in ((2999, ("settle", 2999)), (3000, ("keyframe", 0))):
        bench.pass_time(1000 + at - bench.now)
        bench.take(bench.splice.live_tag(picture(at, 1, is_keyframe=False), bench.now))
        assert bench.splice.waits_for(bench.now) == waits
