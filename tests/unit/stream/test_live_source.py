"""When a keyframe may be cut to, to the millisecond: calm, fresh, alone, and due in a stream of bursts."""

import pytest

from restream_agent.stream.arrivals import CONFIRM
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.sources import CALM, FRESH, LiveSource
from tests.unit.stream.flv_making import picture, sound


def arrive(live: LiveSource, now: int, timestamp: int, *, is_keyframe: bool = False) -> None:
    """Have a picture arrive."""
    tag = picture(timestamp, 1, is_keyframe=is_keyframe)
    live.note(tag, now)
    live.consider(tag, now)


def watched(*arrivals: tuple[int, int]) -> LiveSource:
    """Return a source of which pictures arrived at (now, timestamp), the first of them a keyframe."""
    live = LiveSource(since=0)
    for number, (now, timestamp) in enumerate(arrivals):
        arrive(live, now, timestamp, is_keyframe=number == 0)
    return live


def in_bursts(least: int, greatest: int) -> LiveSource:
    """Return a source whose pictures have had two lags in turn for 3.62 s; a keyframe arrives then."""
    live = LiveSource(since=0)
    for at in range(0, 3620, 20):
        arrive(live, at, at - (greatest if at % 40 else least))
    arrive(live, 3620, 3620 - least, is_keyframe=True)
    return live


def test_a_keyframe_is_watched_for_a_while() -> None:
    """From its arrival, for CONFIRM."""
    live = watched((1000, 0))
    assert live.check_at(1000) == 1000 + CONFIRM
    assert [live.is_calm(now) for now in (1000 + CONFIRM - 1, 1000 + CONFIRM)] == [False, True]


@pytest.mark.parametrize(("stream", "is_calm"), [(CALM, True), (CALM + 1, False)])
def test_a_calm_stream_advances_little(stream: int, *, is_calm: bool) -> None:
    """By at most CALM while it is watched."""
    assert watched((1000, 0), (1010, stream)).is_calm(1060) is is_calm


def test_a_keyframe_that_was_refused_is_not_looked_at_again() -> None:
    """The next keyframe takes its place, and is watched from its own arrival; it may be fresh."""
    live = watched((1000, 0))
    live.refuse(1070)
    assert (live.is_calm(1100), live.check_at(1070)) == (False, 1170)
    arrive(live, 1200, 200, is_keyframe=True)
    assert [tag.timestamp for tag in live.candidate] == [200]
    assert [live.is_calm(now) for now in (1259, 1260)] == [False, True]
    assert live.check_at(1250) == 1270


def test_a_stale_keyframe_of_a_stream_that_is_known_is_given_up() -> None:
    """A stream that was watched for long enough does not turn out to come in bursts."""
    live = in_bursts(500, 510)
    live.refuse(3620)
    assert live.candidate == []


def test_a_fresh_keyframe_is_little_ahead_of_real_time() -> None:
    """What arrived after it, less the time that has passed since."""
    live = watched((1000, 7000), (1000, 7500))
    assert [live.is_fresh(1000, limit) for limit in (500, 499)] == [True, False]
    assert [live.is_fresh(1100, limit) for limit in (400, 399)] == [True, False]


def test_a_picture_from_before_does_not_shorten_the_candidate() -> None:
    """As a leap back of the clock has it."""
    assert watched((1000, 0), (1010, 80), (1020, 40)).span == 80


@pytest.mark.parametrize(
    ("at", "stream", "is_alone"),
    [
        (1000 + CONFIRM, FRESH, True),
        (1000 + CONFIRM, FRESH + 1, False),
        (1000 + CONFIRM + 1, FRESH + 1, True),
    ],
)
def test_a_keyframe_alone_has_no_burst_after_it(at: int, stream: int, *, is_alone: bool) -> None:
    """Within CONFIRM; of a stream that has been shown it does not matter."""
    live = watched((1000, 0), (at, stream))
    assert live.is_alone() is is_alone
    live.leave()
    assert live.is_alone()


@pytest.mark.parametrize(("before", "is_alone"), [(FRESH, True), (FRESH + 1, False)])
def test_a_keyframe_alone_has_no_burst_before_it(before: int, *, is_alone: bool) -> None:
    """The interval to the picture before it is none."""
    live = LiveSource(since=0)
    arrive(live, 900, 0)
    arrive(live, 1000, before)
    arrive(live, 1000, 2000, is_keyframe=True)
    assert live.is_alone() is is_alone


@pytest.mark.parametrize(("at", "goes_on"), [(1029, False), (1030, True)])
def test_a_stream_goes_on_when_pictures_come_later(at: int, *, goes_on: bool) -> None:
    """Half of CONFIRM after the keyframe; of a stream that has been shown it does not matter."""
    live = watched((1000, 0), (at, 40))
    assert live.goes_on(1060) is goes_on
    live.leave()
    assert live.goes_on(1060)


def test_a_keyframe_with_which_nothing_came_goes_on() -> None:
    """A slow source has its next picture later; so has a stream that was watched for long enough."""
    assert watched((1000, 0)).goes_on(1060)
    live = in_bursts(500, 510)
    arrive(live, 3620, 3200)
    assert live.goes_on(3620)


def test_a_stream_that_was_shown_has_to_catch_up() -> None:
    """To FRESH more than its usual lag, which was 1 s."""
    live = watched((1000, 0), (1040, 40))
    live.leave()
    arrive(live, 5000, 3710, is_keyframe=True)
    assert [live.is_calm(now) for now in (5060, 5061)] == [True, False]


@pytest.mark.parametrize(("burst", "comes"), [(CALM, False), (CALM + 1, True)])
def test_more_than_a_calm_stream_has_is_a_burst(burst: int, *, comes: bool) -> None:
    """Of CALM at once a keyframe can be told fresh."""
    assert in_bursts(500, 500 + burst).comes_in_bursts(3620) is comes


def test_a_keyframe_of_a_burst_is_due_when_it_has_waited_as_long_as_the_first() -> None:
    """Up to FRESH later; then it is given up. It is looked at again when it is due."""
    live = in_bursts(500, 700)
    assert (live.check_at(3620), live.check_at(3819), live.check_at(3820)) == (3820, 3820, 3840)
    assert [live.is_due(now) for now in (3819, 3820, 3820 + FRESH)] == [False, True, True]
    assert live.candidate
    assert not live.is_due(3821 + FRESH)
    assert live.candidate == []
    assert not watched((1000, 0)).is_due(1500)


@pytest.mark.parametrize(("at", "first"), [(3820, 3120), (3821, 3321)])
def test_a_keyframe_of_a_burst_stays_until_it_is_due(at: int, first: int) -> None:
    """A new keyframe takes its place from then on."""
    live = in_bursts(500, 700)
    arrive(live, at, at - 500, is_keyframe=True)
    assert live.candidate[0].timestamp == first


@pytest.mark.parametrize(("stream", "first"), [(FRESH, 0), (FRESH + 1, 1000)])
def test_a_keyframe_stays_while_it_is_fresh(stream: int, first: int) -> None:
    """A new keyframe takes the place of a stale one."""
    live = watched((1000, 0), (1000, stream))
    arrive(live, 1000, 1000, is_keyframe=True)
    assert live.candidate[0].timestamp == first


def test_a_candidate_is_bounded() -> None:
    """To 16 MiB and to 4000 tags; both count from its own keyframe."""
    live, large = LiveSource(since=0), bytes([0xAF, 1]) + bytes((1 << 20) - 2)
    for start in (0, 1000):
        live.consider(Tag(VIDEO, start, b"\x17\x01" + bytes((1 << 20) - 2)), start)
        live.refuse(start)
    for _ in range(15):
        live.consider(Tag(AUDIO, 0, large), 0)
    assert len(live.candidate) == 16
    live.consider(sound(0, 1), 0)
    assert live.candidate == []
    live.consider(picture(0, 1, is_keyframe=True), 0)
    for _ in range(3999):
        live.consider(sound(0, 1), 0)
    assert len(live.candidate) == 4000
    live.consider(sound(0, 1), 0)
    assert live.candidate == []
