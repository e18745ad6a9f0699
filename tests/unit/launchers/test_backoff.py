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
RESTART, ATTEMPT = 1.25, 1.5  # seconds: RestartSec= with its timer, an attempt over TLS


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
    assert pause(follow(None, NOW, stall=STALL), NOW, random.random) == 0


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


def middle(failures: int, lasted: float) -> float:
    """Return the middle of a pause's spread, after failures that have lasted for so many seconds."""
    return pause(Attempts(failures, since=NOW), NOW + lasted, lambda: 0.5)


def test_pauses_double() -> None:
    """From a second on."""
    assert [middle(failures, 7.0) for failures in range(4)] == [0, 1, 2, 4]


@pytest.mark.parametrize(
    ("lasted", "longest"), [(60, 20 / 3), (180, 20 / 3), (360, 40 / 3), (810, 30), (90_000, 30)]
)
def test_the_longest_pause_grows_with_how_long_a_platform_refuses(lasted: float, longest: float) -> None:
    """A thirtieth of it or so, up to half a minute: the middle of the spread."""
    assert middle(1000, lasted) == pytest.approx(longest)


@given(st.integers(1, 10_000), st.floats(0, 180), st.floats(0, 1, exclude_max=True))
def test_for_three_minutes_no_pause_is_longer_than_ten_seconds(
    failures: int, lasted: float, chance: float
) -> None:
    """A platform that keeps a dead session for a minute has the relay back soon after it frees."""
    assert pause(Attempts(failures, since=NOW), NOW + lasted, lambda: chance) <= 10.01


def back_after(freed: float, seed: int) -> float:
    """Return how many seconds after `freed` a relay is back that is refused until then."""
    chance, now = random.Random(seed).random, 0.0
    attempts = Attempts(1, since=0.01)
    while True:
        now += RESTART + pause(attempts, now, chance) + ATTEMPT
        if now >= freed:
            return now - freed
        attempts = Attempts(attempts.failures + 1, attempts.since)


@pytest.mark.parametrize("freed", [5, 20, 45, 60, 61.5, 90, 120, 170])
def test_a_relay_is_back_within_fifteen_seconds_of_a_platform_that_frees(freed: float) -> None:
    """Whatever chance says: the worst of 2000 series was 12.9 s. IVS and Kick refuse for a minute."""
    assert max(back_after(freed, seed) for seed in range(2000)) < 15


@given(st.integers(1, 10_000), st.floats(0, 1e6), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_spread_by_half_on_both_sides(failures: int, lasted: float, chance: float) -> None:
    """From half to one and a half of its middle; never more than 45 s."""
    usual = middle(failures, lasted)
    spread = pause(Attempts(failures, since=NOW), NOW + lasted, lambda: chance)
    assert 0.5 * usual <= spread <= 1.5 * usual <= 45


def test_relays_that_fail_together_come_back_one_by_one() -> None:
    """Of ten, no three within the same tenth of a second on average of many seeds."""
    crowds = []
    for seed in range(200):
        chance = random.Random(seed).random
        moments = sorted(pause(Attempts(1, since=NOW), NOW, chance) for _ in range(10))
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
