"""The look at arrivals gives the same answers as the plain definition of them, at any speed."""

import time
from collections import deque
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.stream.arrivals import CONFIRM, KEPT, Arrivals


@dataclass
class PlainArrivals:
    """The same as lists that are searched from end to end."""

    kept: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, now: int, timestamp: int) -> None:
        self.kept.append((now, timestamp))
        while len(self.kept) > 1 and self.kept[1][0] <= now - KEPT:
            self.kept.popleft()

    def answers(self, now: int) -> list[int | None]:
        newest = max((stamp for _, stamp in self.kept), default=None)
        lag = min((at - stamp for at, stamp in self.kept), default=None)
        return [newest, lag, self.advance(now)]

    def advance(self, now: int) -> int:
        newest = max((stamp for _, stamp in self.kept), default=0)
        before = [stamp for at, stamp in self.kept if at <= now - CONFIRM]
        return newest - (max(before) if before else self.kept[0][1]) if self.kept else 0


def answers(arrivals: Arrivals, now: int) -> list[int | None]:
    """Return everything that the arrivals answer."""
    return [arrivals.newest, arrivals.lag, arrivals.advance(now)]


STEPS = st.lists(
    st.tuples(
        st.one_of(st.just(0), st.integers(0, 80), st.integers(0, 4000)),
        st.one_of(st.integers(-400, 400), st.integers(-(2**32), 2**32)),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_the_answers_are_those_of_the_definition(steps: list[tuple[int, int, bool]]) -> None:
    """Whatever arrives when, and whenever the questions are asked."""
    arrivals, plain, now, timestamp = Arrivals(), PlainArrivals(), 0, 0
    for pause, step, is_arrival in steps:
        now += pause
        timestamp += step
        if is_arrival:
            arrivals.add(now, timestamp)
            plain.add(now, timestamp)
        assert plain.answers(now) == answers(arrivals, now)


def test_the_cost_grows_with_the_tags_alone() -> None:
    """Fifty thousand tags in three seconds take about as long per tag as five thousand."""
    assert min(cost(50_000) for _ in range(3)) < 30 * min(cost(5_000) for _ in range(3))


def cost(tags: int) -> float:
    """Return the seconds for so many tags in 3 s, with two questions at each of them."""
    arrivals, begun = Arrivals(), time.perf_counter()
    for number in range(tags):
        now = 3000 * number // tags
        arrivals.add(now, 20 * now)
        arrivals.advance(now)
        arrivals.burst(now)
    return time.perf_counter() - begun


def test_a_burst_is_what_came_with_the_newest_picture() -> None:
    """Of a smooth stream that is two pictures, of a slow one none, of a burst the whole of it."""
    smooth, slow, burst = Arrivals(), Arrivals(), Arrivals()
    for at in range(0, 1040, 40):
        smooth.add(at, at)
        burst.add(1000, at)
    for at in range(0, 1500, 500):
        slow.add(at, at)
    assert [smooth.burst(1000), slow.burst(1000), burst.burst(1000)] == [40, 0, 960]
