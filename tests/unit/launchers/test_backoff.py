"""How a relay's attempts follow one another: quickly at first, ever more slowly, never all at once."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.launchers.backoff import (
    HEALTHY,
    Attempts,
    follow,
    has_given_up,
    pause,
)

NOW, STALL = 5000.0, 60.0


def failing(times: int, *, run: float = 1.0) -> Attempts:
    """Return the tally of a relay whose runs of `run` seconds have failed so often."""
    tally, now = follow(None, NOW, stall=STALL), NOW
    for _ in range(times):
        tally = Attempts(tally.failures, tally.since, started=now)
        now += run
        tally = follow(tally, now, stall=STALL)
    return tally


def test_a_start_by_hand_does_not_wait() -> None:
    """Nothing is known of failures, and so there is no pause."""
    assert pause(follow(None, NOW, stall=STALL).failures, random.random) == 0


def test_failures_in_a_row_are_counted_from_the_first() -> None:
    """With the time of that one."""
    assert failing(4) == Attempts(failures=4, since=NOW + 1)


def test_a_run_that_was_healthy_begins_the_count_anew() -> None:
    """A broadcast of an hour that ends is one failure, however many there were before it."""
    tally = Attempts(failures=9, since=NOW - 4000, started=NOW - HEALTHY)
    assert follow(tally, NOW, stall=10) == Attempts(failures=1, since=NOW)


def test_a_run_that_only_waited_for_its_platform_was_not_healthy() -> None:
    """It lasts for `relay.stall`, however long that is, and what it takes to notice."""
    assert failing(6, run=STALL + 6).failures == 6


def test_pauses_double_up_to_half_a_minute() -> None:
    """In the middle of their spread."""
    assert [pause(failures, lambda: 0.5) for failures in range(9)] == [0, 1, 2, 4, 8, 16, 30, 30, 30]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_spread_by_half_on_both_sides(failures: int, chance: float) -> None:
    """From half to one and a half of its middle; never more than 45 s."""
    middle = pause(failures, lambda: 0.5)
    assert 0.5 * middle <= pause(failures, lambda: chance) <= 1.5 * middle <= 45


def test_relays_that_fail_together_come_back_one_by_one() -> None:
    """Of ten, no three within the same tenth of a second on average of many seeds."""
    crowds = []
    for seed in range(200):
        chance = random.Random(seed).random
        moments = sorted(pause(1, chance) for _ in range(10))
        crowds.append(max(sum(0 <= other - one < 0.1 for other in moments) for one in moments))
    assert sum(crowds) / len(crowds) < 4


@pytest.mark.parametrize(
    ("give_up", "after", "expected"), [(None, 1e9, False), (600, 599, False), (600, 600, True)]
)
def test_giving_up_takes_time_and_not_a_number(
    give_up: float | None, after: float, *, expected: bool
) -> None:
    """From the first failure in the row; None is never."""
    assert has_given_up(Attempts(failures=3, since=NOW), NOW + after, give_up) is expected


def test_a_relay_that_has_not_failed_does_not_give_up() -> None:
    """Whatever the clock says."""
    assert not has_given_up(Attempts(), NOW, 60)
