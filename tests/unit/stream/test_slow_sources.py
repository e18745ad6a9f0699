"""Two pictures a second without sound, as slides or a camera at night send them: real time, and a return."""

import itertools

import pytest

from restream_agent.stream.flv import VIDEO
from restream_agent.stream.hand_off import Settings, Source
from tests.unit.stream.flv_making import origin, picture
from tests.unit.stream.splice_bench import SpliceBench

INTERVALS = [400, 500, 700]


class SlowBench(SpliceBench):
    """A bench whose publisher sends a picture every `interval` ms, every fourth a keyframe, and no sound."""

    interval: int = 500
    number: int = 0

    def send(self, count: int) -> None:
        """Have so many pictures arrive."""
        for _ in range(count):
            tag = picture(self.number * self.interval, self.publishers, is_keyframe=self.number % 4 == 0)
            self.take(self.splice.live_tag(tag, self.now))
            self.pass_time(self.interval)
            self.number += 1


def shown(interval: int) -> SlowBench:
    """Return a bench that shows such a stream."""
    bench = SlowBench(Settings(standby=True))
    bench.interval = interval
    bench.pass_time(500)
    bench.connect()
    bench.send(24)
    assert bench.source() is Source.LIVE
    return bench


def returned_within(bench: SlowBench, pictures: int) -> bool:
    """Whether the program returns to live within so many pictures, and stays for a minute."""
    bench.send(pictures)
    is_back = bench.source() is Source.LIVE
    changes = bench.source_changes()
    bench.send(60_000 // bench.interval)
    return is_back and bench.source_changes() == changes


@pytest.mark.parametrize("interval", INTERVALS)
def test_time_is_real_time(interval: int) -> None:
    """The timestamps at the platforms are as far apart as the pictures."""
    bench = shown(interval)
    bench.send(100)
    live = [tag for _, tag in bench.media() if origin(tag)[0] == 1 and tag.kind == VIDEO]
    steps = {second.timestamp - first.timestamp for first, second in itertools.pairwise(live)}
    assert steps == {interval}
    assert bench.source_changes() == 1


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_program_returns_after_a_break(interval: int) -> None:
    """At the next keyframe."""
    bench = shown(interval)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.send(14)
    bench.take(bench.splice.hold_fallback(bench.now, held=False))
    assert returned_within(bench, 4)


@pytest.mark.parametrize("is_paused", [False, True])
@pytest.mark.parametrize("interval", INTERVALS)
def test_the_program_returns_after_a_stall(interval: int, *, is_paused: bool) -> None:
    """At the next keyframe, or after two if the source has lost that time for good."""
    bench = shown(interval)
    bench.pass_time(10 * interval)
    assert bench.source() is Source.FALLBACK
    if not is_paused:
        bench.number += 10
    assert returned_within(bench, 12 if is_paused else 4)


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_program_returns_after_a_reconnect(interval: int) -> None:
    """At the first keyframe."""
    bench = shown(interval)
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(3000)
    bench.connect()
    bench.number = 0
    assert returned_within(bench, 2)
