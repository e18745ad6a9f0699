"""Whether a stream that arrives in bursts keeps real time, and how long its bursts are. Pure.

A mobile uplink delivers up to 1.5 s of stream at once, again and again. A backlog that is delivered after a
freeze looks the same at first. The *lag* of a picture tells them apart: the difference between when it
arrives and its timestamp. In a burst the first picture has the greatest lag and the last one the least. Of a
stream that keeps real time the least lag stays as it is; while a backlog is delivered, it falls.
"""

from collections import deque
from typing import NamedTuple

LARGEST_BURST = 1700
"""Milliseconds. Bursts of 1.5 s, which are not all of one length."""

_HALF = 1800
"""Milliseconds. The least lag of the last half is compared with that of the half before it. Each half has the
end of a burst in it."""

_STEADY_WITHIN = 100
"""Milliseconds by which the two may differ. A backlog at 1.06 times real time makes up for that."""

_BIN = 100
"""Milliseconds. Least and greatest lag are kept for each bin."""


class Lags(NamedTuple):
    """The lags of a stream that keeps real time: of the pictures that wait least and longest."""

    least: int
    greatest: int

    @property
    def burst(self) -> int:
        """How many ms of stream arrive at once."""
        return self.greatest - self.least


class _Bin(NamedTuple):
    number: int
    lags: Lags


class Bursts:
    """The pictures of the last two halves, and the lags that the stream had when it last kept real time."""

    _bins: deque[_Bin]
    _first: int | None
    _looked_at: int
    _usual: Lags | None
    _is_steady: bool

    def __init__(self) -> None:
        self._bins = deque()
        self._first = None
        self._looked_at = -1
        self._usual = None
        self._is_steady = False

    def add(self, now: int, timestamp: int) -> None:
        """Note that a picture arrived now."""
        number, lag = now // _BIN, now - timestamp
        if self._first is None:
            self._first = number
        if self._usual is not None and lag < self._usual.least - LARGEST_BURST:
            self._usual = None  # the clock has leapt ahead
        least = greatest = lag
        if self._bins and self._bins[-1].number == number:
            before = self._bins.pop().lags
            least, greatest = min(lag, before.least), max(lag, before.greatest)
        self._bins.append(_Bin(number, Lags(least, greatest)))

    def learn(self) -> None:
        """Learn the lags up to the newest picture. The stream is left: what comes next may be a backlog."""
        if self._bins:
            self._look((self._bins[-1].number + 1) * _BIN)

    def usual(self, now: int) -> Lags | None:
        """Return the lags of the stream when it last kept real time, None if it never did for long enough."""
        self._look(now)
        return self._usual

    def keeps_real_time(self, now: int) -> bool:
        """Whether the stream has kept real time for two halves."""
        self._look(now)
        return self._is_steady

    def is_watched(self, now: int) -> bool:
        """Whether the stream has been watched for long enough to know whether it keeps real time."""
        return self._first is not None and now // _BIN - self._first >= 2 * _HALF // _BIN

    def _look(self, now: int) -> None:
        """Look at the bins before this one, which are complete, unless that was done."""
        number = now // _BIN
        if number == self._looked_at:
            return
        self._looked_at = number
        middle, begin = number - _HALF // _BIN, number - 2 * _HALF // _BIN
        while self._bins and self._bins[0].number < begin:
            self._bins.popleft()
        later = [each.lags for each in self._bins if middle <= each.number < number]
        earlier = [each.lags for each in self._bins if each.number < middle]
        if later and earlier and self.is_watched(now):
            self._compare(earlier, later)
        else:
            self._is_steady = False

    def _compare(self, earlier: list[Lags], later: list[Lags]) -> None:
        before, after = (min(lags.least for lags in half) for half in (earlier, later))
        self._is_steady = abs(after - before) <= _STEADY_WITHIN
        seen = Lags(min(before, after), max(lags.greatest for lags in (*earlier, *later)))
        if self._is_steady and seen.burst <= LARGEST_BURST:
            self._usual = seen
