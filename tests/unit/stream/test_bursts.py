"""Streams that arrive in bursts: the program returns to them as to any other, and stays."""

import itertools

import pytest

from restream_agent.stream.bursts import LARGEST_BURST, Bursts, Lags
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.hand_off import Settings, Source
from tests.unit.stream.flv_making import FRAME, origin, stream
from tests.unit.stream.splice_bench import SpliceBench

LENGTHS = [200, 400, 500, 700, 1000, 1300, 1500]
GROUP = 2000


class BurstBench(SpliceBench):
    """A bench whose publisher's uplink delivers at fixed moments what was made since the moment before."""

    burst: int = 1
    began: int = 0

    def start(self, burst: int) -> None:
        """Connect a publisher, whose uplink delivers so many ms at once."""
        self.connect()
        self.burst, self.began, self.position = burst, self.now, 0

    def run(self, milliseconds: int) -> None:
        """Let so many ms pass, with the bursts in them."""
        end = self.now + milliseconds
        while (due := self.now - self.now % self.burst + self.burst) <= end:
            self.pass_time(due - self.now)
            self.deliver()
        self.pass_time(end - self.now)

    def deliver(self) -> None:
        """Have everything arrive that was made by now."""
        made = self.now - self.began
        first = -(-self.position // FRAME) * FRAME
        for tag in stream(self.publishers, first % GROUP, made - first)[2:] if made > first else []:
            moved = first - first % GROUP + tag.timestamp
            body = tag.body[:-8] + moved.to_bytes(8, "big")
            self.take(self.splice.live_tag(Tag(tag.kind, moved, body), self.now))
        self.position = made

    def returned_at(self) -> int:
        """Return when the last hand-off to live was decided."""
        hand_off = self.splice.last_hand_off
        assert hand_off is not None
        assert hand_off.source is Source.LIVE
        return hand_off.at

    def longest_silence(self, since: int) -> int:
        times = [at for at, _ in self.media() if at >= since]
        return max(second - first for first, second in itertools.pairwise([*times, self.now]))


def shown(burst: int) -> BurstBench:
    """Return a bench that shows a stream that has come in bursts for a while."""
    bench = BurstBench(Settings(standby=True))
    bench.pass_time(730)
    bench.start(burst)
    bench.run(14_000)
    assert bench.source() is Source.LIVE
    return bench


@pytest.mark.parametrize("phase", [0, 370, 1110])
@pytest.mark.parametrize("burst", LENGTHS)
def test_a_stream_in_bursts_returns_after_a_break(burst: int, phase: int) -> None:
    """Within two keyframes, wherever in a burst its keyframes are; and it stays."""
    bench = shown(burst)
    bench.run(phase)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.run(5000)
    bench.take(bench.splice.hold_fallback(bench.now, held=False))
    released, changes = bench.now, bench.source_changes()
    bench.run(30_000)
    assert bench.returned_at() - released <= 2 * GROUP
    assert bench.source_changes() == changes + 1


@pytest.mark.parametrize("meanwhile", ["held back", "dropped", "paused"])
@pytest.mark.parametrize("burst", LENGTHS)
def test_a_stream_in_bursts_returns_after_a_stall(burst: int, meanwhile: str) -> None:
    """Whether the network delivers what it held back or has lost it, or OBS stood still itself."""
    bench = shown(burst)
    bench.pass_time(4000)
    assert bench.source() is Source.FALLBACK
    if meanwhile == "dropped":
        bench.position += 4000
    elif meanwhile == "paused":
        bench.began += 4000
    resumed, changes = bench.now, bench.source_changes()
    bench.run(30_000)
    assert bench.returned_at() - resumed <= (3 if meanwhile == "paused" else 2) * GROUP + burst
    assert bench.source_changes() == changes + 1


@pytest.mark.parametrize("burst", LENGTHS)
def test_a_stream_in_bursts_that_opened_a_broadcast_returns_after_a_stall(burst: int) -> None:
    """It was never returned to before, so its bursts are known from while it was live: one keyframe."""
    bench = BurstBench(Settings())
    bench.start(burst)
    bench.run(8400)
    assert bench.source() is Source.LIVE
    bench.pass_time(4000)
    assert bench.source() is Source.FALLBACK
    resumed, changes = bench.now, bench.source_changes()
    bench.run(30_000)
    assert bench.returned_at() - resumed <= GROUP + burst
    assert bench.source_changes() == changes + 1


@pytest.mark.parametrize("away", [1500, 4370])
@pytest.mark.parametrize("burst", LENGTHS)
def test_a_stream_in_bursts_returns_after_a_reconnect(burst: int, away: int) -> None:
    """Two keyframes after the first one of the new connection, and without a stall meanwhile."""
    bench = shown(burst)
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(away)
    bench.start(burst)
    came, changes = bench.now, bench.source_changes()
    bench.run(30_000)
    assert bench.returned_at() - came <= 2 * GROUP + 2 * burst
    assert bench.source_changes() == changes + 1


@pytest.mark.parametrize("burst", LENGTHS)
def test_a_stream_in_bursts_is_shown_evenly(burst: int) -> None:
    """The next burst comes before the last one has been shown: nothing is late, and nothing stalls."""
    bench = shown(burst)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.take(bench.splice.hold_fallback(bench.now, held=False))
    bench.run(6000)
    since = bench.now
    bench.run(20_000)
    assert bench.longest_silence(since) <= 600
    late = [at - tag.timestamp for at, tag in bench.media() if at >= since and origin(tag)[0] == 1]
    assert max(late) <= 2 * FRAME


@pytest.mark.parametrize("burst", LENGTHS)
def test_a_broadcast_opens_with_a_stream_in_bursts(burst: int) -> None:
    """At its first burst, which lasts until the next: nothing stalls, and the fallback is not shown."""
    bench = BurstBench()
    bench.pass_time(2 * burst)
    bench.start(burst)
    bench.run(20_000)
    assert bench.media()[0][0] <= 3 * burst + 100
    assert bench.source_changes() == 0
    assert bench.longest_silence(0) <= burst


@pytest.mark.parametrize("clump", [1, 340])
@pytest.mark.parametrize("shift", [-1500, -300, 300, 1500])
def test_the_pictures_alone_tell_the_pace(shift: int, clump: int) -> None:
    """Sound that comes earlier or later than its picture, or in clumps, keeps nobody waiting."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(2000)
    bench.connect()
    tags = stream(1, 0, 14_000)[2:]
    moved = [(tag.timestamp + (shift // clump * clump if tag.kind == AUDIO else 0), tag) for tag in tags]
    begun, released = bench.now, 0
    arrivals = [(at, tag) for at, tag in moved if at < 13_500]
    for at, tag in sorted(arrivals, key=lambda arrival: arrival[0]):
        due = at if tag.kind == VIDEO else -(-at // clump) * clump
        bench.pass_time(max(0, begun + due - bench.now))
        if at >= 5500 and not released:
            released = bench.now
            bench.take(bench.splice.hold_fallback(bench.now, held=True))
            bench.take(bench.splice.hold_fallback(bench.now, held=False))
        bench.take(bench.splice.live_tag(tag, bench.now))
    hand_off = bench.splice.last_hand_off
    assert hand_off is not None
    assert (hand_off.source, hand_off.at - released <= 700) == (Source.LIVE, True)


def test_bursts_of_many_lengths_are_one_stream() -> None:
    """As a phone's network has them: from 100 ms to 1.5 s."""
    bench = BurstBench(Settings(standby=True))
    bench.pass_time(730)
    bench.start(1)
    for burst in (300, 900, 1500, 100, 700, 1200, 400, 1500, 600, 1100) * 4:
        bench.pass_time(burst)
        bench.deliver()
    assert bench.source() is Source.LIVE
    assert bench.source_changes() <= 5


def lags(arrivals: list[tuple[int, int]], now: int) -> tuple[int, int] | None:
    """Return the usual lags after pictures that arrived at (now, timestamp)."""
    bursts = Bursts()
    for at, timestamp in arrivals:
        bursts.add(at, timestamp)
        bursts.usual(at)
    return bursts.usual(now)


def pictures(length: int, burst: int, speed: float = 1.0) -> list[tuple[int, int]]:
    """Return pictures of a stream in bursts of so many ms, at a speed."""
    return [
        (-(-round(timestamp / speed) // burst) * burst, timestamp) for timestamp in range(0, length, FRAME)
    ]


@pytest.mark.parametrize("burst", LENGTHS)
def test_the_length_of_a_burst_is_learnt(burst: int) -> None:
    """From the first picture of a burst to the last."""
    found = lags(pictures(9000, burst), 9000)
    assert found is not None
    least, greatest = found
    assert least <= FRAME
    assert burst - 2 * FRAME <= greatest - least <= burst


def test_the_longest_burst_and_the_newest_picture_count() -> None:
    """Of bursts of 300 and 900 ms, of which every other one keeps 200 ms back for the next."""
    arrivals, delivered = [], 0
    for number in range(9):
        for at, made in (
            (number * 1200 + 300, number * 1200 + 100),
            (number * 1200 + 1200, number * 1200 + 1200),
        ):
            arrivals += [(at, timestamp) for timestamp in range(delivered, made, 20)]
            delivered = made
    assert lags(arrivals, 9 * 1200) == (20, 1100)


@pytest.mark.parametrize(
    ("change", "is_steady"), [(60, True), (100, True), (120, False), (-60, True), (-100, True), (-120, False)]
)
def test_the_least_lag_of_both_halves_is_compared(change: int, *, is_steady: bool) -> None:
    """A stream may get 100 ms later or earlier, and keeps real time; its least lag is that of both halves."""
    bursts = Bursts()
    for at in range(0, 3620, 20):
        lag = 500 + (change if at >= 1800 else 0)
        bursts.add(at, at - lag)
    assert bursts.keeps_real_time(3610) is is_steady
    assert bursts.usual(3610) == (Lags(min(500, 500 + change), max(500, 500 + change)) if is_steady else None)


def test_nothing_is_known_before_two_halves_have_passed() -> None:
    """A little more than the first tag of each would be a guess."""
    bursts = Bursts()
    for at in range(0, 3600, 20):
        bursts.add(5000 + at, at)
    assert [bursts.is_watched(now) for now in (8500, 8599, 8600)] == [False, False, True]
    assert [bursts.keeps_real_time(now) for now in (8599, 8600)] == [False, True]


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.3, 2.0])
@pytest.mark.parametrize("burst", [1, 500, 1000])
def test_a_backlog_and_a_weak_line_teach_nothing(burst: int, speed: float) -> None:
    """Their least lag does not stay as it is."""
    assert lags(pictures(9000, burst, speed), round(9000 / speed)) is None


def test_longer_bursts_teach_nothing() -> None:
    """They cannot be shown evenly."""
    assert lags(pictures(12_000, LARGEST_BURST + 300), 12_000) is None


def test_a_leap_of_the_clock_makes_what_was_learnt_void() -> None:
    """Otherwise the next keyframe would wait for the length of the leap."""
    known = pictures(9000, 500)
    assert lags(known, 9000) is not None
    assert lags([*known, (9000, 60_000)], 9000) is None


def test_a_leap_ahead_keeps_no_keyframe_waiting() -> None:
    """A stream whose clock leaps 15 s ahead in a break is live again two keyframes later."""
    bench = shown(500)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.began -= 15_000
    bench.position += 15_000
    bench.take(bench.splice.hold_fallback(bench.now, held=False))
    released = bench.now
    bench.run(12_000)
    assert bench.returned_at() - released <= 3 * GROUP
