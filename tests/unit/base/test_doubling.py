"""Pauses grow with each failure, up to a longest one."""

from hypothesis import given
from hypothesis import strategies as st

from restream_agent.base.doubling import doubled_pause

FAILURES = st.integers(0, 10**9)
FIRST = st.floats(0.001, 60)
LONGEST = st.floats(60, 3600)


def test_each_failure_doubles_the_pause() -> None:
    """The longest pause ends the doubling."""
    assert [doubled_pause(failures, first=0.5, longest=3) for failures in range(6)] == [0, 0.5, 1, 2, 3, 3]


@given(FAILURES, FIRST, LONGEST)
def test_a_pause_is_between_the_first_and_the_longest(failures: int, first: float, longest: float) -> None:
    """Without a failure there is no pause."""
    pause = doubled_pause(failures, first=first, longest=longest)
    assert first <= pause <= longest if failures else pause == 0


@given(FAILURES, FIRST, LONGEST)
def test_one_more_failure_doubles_the_pause_or_reaches_the_longest(
    failures: int, first: float, longest: float
) -> None:
    """No failure ever shortens the pause."""
    before = doubled_pause(failures, first=first, longest=longest)
    after = doubled_pause(failures + 1, first=first, longest=longest)
    assert after == min(longest, 2 * before if failures else first)
