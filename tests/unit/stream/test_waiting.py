"""What live waits for while the fallback is shown, and since when."""

import pytest

from restream_agent.stream.flv import Tag
from restream_agent.stream.hand_off import Settings
from restream_agent.stream.waiting import Waiting
from tests.unit.stream.flv_making import picture, sound, stream
from tests.unit.stream.splice_bench import SpliceBench


def bench_on_air(**settings: int) -> SpliceBench:
    """Return a bench that shows the fallback."""
    bench = SpliceBench(Settings(standby=True, **settings))
    bench.pass_time(1000)
    return bench


def test_without_a_publisher_nothing_is_waited_for() -> None:
    """Nor while live is shown, nor during the operator's break."""
    bench = bench_on_air()
    assert bench.splice.waits_for(bench.now) == ("", 0)
    bench.connect()
    bench.play(2000)
    assert bench.splice.waits_for(bench.now) == ("", 0)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.play(2000)
    assert bench.splice.waits_for(bench.now) == ("", 0)


def test_the_settle_time_is_waited_for_first() -> None:
    """Since the publisher has come; then a keyframe, since the settle time is over."""
    bench = bench_on_air(settle=3000)
    bench.connect()
    bench.play(2000, group=20_000)
    assert bench.splice.waits_for(bench.now) == ("settle", bench.now - 1000)
    bench.play(4000, group=20_000)
    reason, waited = bench.splice.waits_for(bench.now)
    assert (reason, waited) == ("keyframe", bench.now - 4000)


def test_a_keyframe_is_waited_for_since_live_was_left() -> None:
    """After a stall, as with OBS's own interval of 8 s."""
    bench = bench_on_air()
    bench.connect()
    bench.play(3000, group=60_000)
    bench.pass_time(5000)
    reason, waited = bench.splice.waits_for(bench.now)
    assert (reason, waited // 100) == ("data", 40)
    for tag in stream(1, 8000, 6000, group=60_000)[2:]:
        if not tag.is_keyframe:
            bench.pass_time(max(0, tag.timestamp + 1000 - bench.now))
            bench.take(bench.splice.live_tag(tag, bench.now))
    reason, waited = bench.splice.waits_for(bench.now)
    assert (reason, 0 <= waited - (bench.now - 5000) < 100) == ("keyframe", True)


def test_the_wait_begins_anew_after_a_break() -> None:
    """The operator has ended it just now."""
    bench = bench_on_air()
    bench.connect()
    bench.play(3000, group=60_000)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.pass_time(20_000)
    bench.take(bench.splice.hold_fallback(bench.now, held=False))
    assert bench.splice.waits_for(bench.now) == ("data", 0)


def test_a_picture_is_waited_for_if_only_sound_comes() -> None:
    """A radio show has none, a camera may have one later."""
    bench = bench_on_air()
    bench.connect()
    for at in range(0, 3000, 20):
        bench.take(bench.splice.live_tag(sound(at, 1), bench.now))
        bench.pass_time(20)
    assert bench.splice.waits_for(bench.now) == ("picture", 3000)


@pytest.mark.parametrize("speed", [1.5, 3.0])
def test_real_time_is_waited_for_while_a_backlog_comes(speed: float) -> None:
    """Keyframes come, and are stale."""
    bench = bench_on_air()
    bench.connect()
    bench.play(3000)
    bench.pass_time(9000)
    bench.play(6000, speed=speed)
    assert bench.splice.waits_for(bench.now)[0] == "real time"


def test_a_broadcast_that_opens_waits_for_live_too() -> None:
    """Since the publisher has come."""
    bench = SpliceBench()
    bench.pass_time(500)
    bench.connect()
    bench.take(bench.splice.live_tag(picture(0, 1, is_keyframe=False), bench.now))
    bench.pass_time(800)
    assert bench.splice.waits_for(bench.now) == ("keyframe", 800)


def reason(*arrivals: tuple[Tag, int], since: int, now: int) -> str:
    """Return what a stream waits for of which these tags have arrived."""
    waiting = Waiting()
    for tag, at in arrivals:
        waiting.note(tag, at)
    return waiting.reason(since, now)


def test_a_second_without_data_or_pictures_is_long() -> None:
    """A keyframe counts from the moment that live was left."""
    keyframe, between = picture(0, 1, is_keyframe=True), picture(0, 1, is_keyframe=False)
    assert [reason((between, 500), since=0, now=now) for now in (1499, 1500)] == ["keyframe", "data"]
    both = [((between, 500), (sound(0, 1), at)) for at in (1499, 1500)]
    assert [reason(*pair, since=0, now=pair[1][1]) for pair in both] == ["keyframe", "picture"]
    assert [reason((keyframe, 500), since=since, now=600) for since in (500, 501)] == [
        "real time",
        "keyframe",
    ]
    late = ((keyframe, 500), (sound(0, 1), 1500))
    assert [reason(*late, since=since, now=1500) for since in (500, 501)] == ["real time", "picture"]
