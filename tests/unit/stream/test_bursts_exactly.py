"""What is learnt of bursts, to the millisecond and to the bin of 100 ms."""

import pytest

from restream_agent.stream.bursts import LARGEST_BURST, Bursts, Lags


def watched(*others: tuple[int, int]) -> Bursts:
    """Return the bursts after 3.6 s of pictures with a lag of 500 ms, and others at (now, lag) among them."""
    bursts = Bursts()
    for at, lag in sorted([(at, 500) for at in range(0, 3600, 20)] + list(others)):
        bursts.add(at, at - lag)
    return bursts


@pytest.mark.parametrize("at", [10, 90, 1790, 1810, 3590])
def test_every_picture_of_both_halves_counts(at: int) -> None:
    """From the first bin to the last that is complete."""
    assert watched((at, 900)).usual(3600) == Lags(500, 900)


@pytest.mark.parametrize("at", [1800, 1890, 3590])
def test_a_half_begins_with_its_bin(at: int) -> None:
    """The least lag of the newer half has fallen."""
    assert not watched((at, 380)).keeps_real_time(3600)


def test_the_bin_of_now_does_not_count_yet() -> None:
    """It is not complete."""
    assert watched((3600, 380), (3610, 900)).usual(3620) == Lags(500, 500)


@pytest.mark.parametrize(
    ("burst", "usual"), [(LARGEST_BURST, Lags(500, 500 + LARGEST_BURST)), (LARGEST_BURST + 1, None)]
)
def test_the_largest_burst_is_learnt(burst: int, usual: Lags | None) -> None:
    """A larger one cannot be shown evenly."""
    assert watched((1010, 500 + burst)).usual(3600) == usual


@pytest.mark.parametrize(
    ("lag", "usual"), [(500 - LARGEST_BURST, Lags(500, 500)), (499 - LARGEST_BURST, None)]
)
def test_a_picture_much_too_early_is_a_leap(lag: int, usual: Lags | None) -> None:
    """By more than the largest burst."""
    bursts = watched()
    assert bursts.usual(3600) == Lags(500, 500)
    bursts.add(3610, 3610 - lag)
    assert bursts.usual(3610) == usual


def test_a_stream_that_is_left_is_known_up_to_its_newest_picture() -> None:
    """Without the rest of its bin; of nothing there is nothing to learn."""
    bursts = watched()
    assert bursts.usual(3599) is None
    bursts.learn()
    assert bursts.usual(3599) == Lags(500, 500)
    nothing = Bursts()
    nothing.learn()
    assert nothing.usual(9000) is None
