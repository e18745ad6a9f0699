"""How fast and how late a stream is: what a weak line looks like, and what does not look like one."""

from collections.abc import Iterable

import pytest

from restream_agent.stream.pace import Pace

REPORT = 500


def watched(arrivals: Iterable[tuple[int, int]], until: int) -> Pace:
    """Return the pace of tags that arrive at (now, timestamp), measured every half second."""
    pace, now = Pace(), REPORT
    for at, timestamp in arrivals:
        while now <= at:
            pace.measure(now)
            now += REPORT
        pace.add(at, timestamp)
    while now <= until:
        pace.measure(now)
        now += REPORT
    return pace


def frames(until: int, *, speed: float = 1.0, clump: int = 1, start: int = 1000) -> list[tuple[int, int]]:
    """Return a stream of 25 pictures a second that is delivered `clump` ms at a time."""
    arrivals = []
    for timestamp in range(0, round(until * speed), 40):
        due = round(timestamp / speed)
        arrivals.append((-(-due // clump) * clump, start + timestamp))
    return arrivals


def test_nothing_is_known_before_the_first_tag() -> None:
    """Neither a speed nor a lateness."""
    pace = watched([], 20_000)
    assert (pace.speed, pace.late) == (None, 0)


@pytest.mark.parametrize("clump", [1, 500, 1500])
def test_a_stream_in_real_time_has_a_speed_of_one(clump: int) -> None:
    """However it is clumped up to 1.5 s, and at every moment."""
    for until in range(15_000, 17_000, 100):
        pace = watched(frames(until, clump=clump), until)
        assert pace.speed == pytest.approx(1.0, abs=0.02)
        assert pace.late <= 50


def test_the_speed_is_known_after_five_seconds() -> None:
    """Over a shorter time a burst would look like a speed."""
    known = [watched(frames(until), until).speed is not None for until in (5000, 5500)]
    assert known == [False, True]


def test_half_a_line_has_half_the_speed_and_grows_late() -> None:
    """Half a second in each second."""
    pace = watched([*frames(10_000), *shifted(frames(20_000, speed=0.5), 10_000)], 30_000)
    assert pace.speed == pytest.approx(0.5, abs=0.01)
    assert 9000 < pace.late <= 10_000  # it is the least of the last two seconds


def shifted(arrivals: list[tuple[int, int]], by: int) -> list[tuple[int, int]]:
    """Return the same stream, which begins later on both clocks."""
    return [(at + by, timestamp + by) for at, timestamp in arrivals]


def test_a_stream_that_stands_still_grows_late() -> None:
    """Second by second."""
    pace = watched(frames(20_000), 26_000)
    assert pace.speed == pytest.approx(0.396, abs=0.001)  # measured over 10 s
    assert pace.late == pytest.approx(6000, abs=100)


def test_tags_that_are_late_beside_others_make_nothing_late() -> None:
    """Half of a second is 400 ms late, the other half is not."""
    pace = watched([(at + at // 500 % 2 * 400, timestamp) for at, timestamp in frames(20_000)], 20_000)
    assert pace.speed == pytest.approx(1.0, abs=0.01)
    assert pace.late == 0


def test_a_slow_source_grows_late_too() -> None:
    """A picture in 600 ms; after 2 s the time when it was better is over."""
    stream = [(at + (1000 if at > 10_000 else 0), at) for at in range(0, 20_000, 600)]
    assert watched(stream, 20_000).late == pytest.approx(1000, abs=10)


def test_a_line_that_has_caught_up_is_no_longer_late() -> None:
    """What was held back has arrived."""
    late = [(max(at, 13_000) if at > 9000 else at, timestamp) for at, timestamp in frames(30_000)]
    pace = watched(late, 30_000)
    assert pace.speed == pytest.approx(1.0, abs=0.01)
    assert pace.late <= 50


def test_the_clocks_of_two_computers_differ_without_a_word() -> None:
    """By 0.1 ms in a second; after ten hours that is 3.6 s."""
    arrivals = [(round(number * 1000 * 1.0001), number * 1000) for number in range(36_000)]
    pace = watched(arrivals, 36_000_000)
    assert pace.late <= 60


def test_sound_that_comes_later_than_its_picture_makes_nothing_late() -> None:
    """The tag with the least lag counts."""
    sound = [(at + 1500, timestamp) for at, timestamp in frames(18_500) if at > 9000]
    both = sorted([*frames(20_000), *sound])
    pace = watched(both, 20_000)
    assert pace.speed == pytest.approx(1.0, abs=0.01)
    assert pace.late <= 50


def test_no_timestamp_makes_an_impossible_speed() -> None:
    """The speed goes from 0 to 100, whatever the timestamps do."""
    for leap in (-(2**32), -5000, 2**32):
        stream = frames(20_000)
        leapt = [(at, timestamp + (leap if at > 10_000 else 0)) for at, timestamp in stream]
        pace = watched(leapt, 20_000)
        assert pace.speed is not None
        assert 0 <= pace.speed <= 100
