"""When the pictures of a live stream arrived.

Pure. Every method takes constant time on average, however fast the tags arrive: a publisher at twenty times
its speed must not keep the program from sending. `now` is in milliseconds of the broadcast and never goes
back from one call to the next; timestamps are milliseconds of the publisher's clock.
"""

from collections import deque

CONFIRM = 60
"""Milliseconds for which the tags after a keyframe are watched before the program cuts to it."""

KEPT = 3000
"""Milliseconds after which an arrival is forgotten."""


class Highest:
    """The highest of a sequence of values, of which the oldest may be removed."""

    _falling: deque[tuple[int, int]]

    def __init__(self) -> None:
        self._falling = deque()

    def add(self, number: int, value: int) -> None:
        """Add the value with the next number."""
        while self._falling and self._falling[-1][1] <= value:
            self._falling.pop()
        self._falling.append((number, value))

    def remove_before(self, number: int) -> None:
        """Remove the values with lower numbers."""
        while self._falling and self._falling[0][0] < number:
            self._falling.popleft()

    @property
    def value(self) -> int | None:
        """The highest value, None if there is none."""
        return self._falling[0][1] if self._falling else None


class _OlderArrivals:
    """The highest timestamp among the arrivals that are older than CONFIRM."""

    _newer: deque[tuple[int, int, int]]
    _timestamps: Highest

    def __init__(self) -> None:
        self._newer = deque()
        self._timestamps = Highest()

    def add(self, arrival: tuple[int, int, int], first: int) -> None:
        """Add an arrival; forget those before the number `first`."""
        self._newer.append(arrival)
        self.highest(arrival[1], first)

    def highest(self, now: int, first: int) -> int | None:
        """Return the highest timestamp from the arrival with the number `first` on; None if there is none."""
        self._move(now)
        self._timestamps.remove_before(first)
        return self._timestamps.value

    def _move(self, now: int) -> None:
        while self._newer and self._newer[0][1] <= now - CONFIRM:
            number, _, timestamp = self._newer.popleft()
            self._timestamps.add(number, timestamp)


class Arrivals:
    """The arrivals of the last KEPT ms, and the last arrival before them."""

    _kept: deque[tuple[int, int, int]]
    _count: int
    _interval: int
    _timestamps: Highest
    _earliness: Highest
    _older: _OlderArrivals

    def __init__(self) -> None:
        self._kept = deque()
        self._count = 0
        self._interval = 0
        self._timestamps = Highest()
        self._earliness = Highest()
        self._older = _OlderArrivals()

    def add(self, now: int, timestamp: int) -> None:
        """Note that a tag arrived now."""
        newest = self.newest
        self._interval = 0 if newest is None else max(0, timestamp - newest)
        arrival = (self._count, now, timestamp)
        self._count += 1
        self._kept.append(arrival)
        self._timestamps.add(arrival[0], timestamp)
        self._earliness.add(arrival[0], timestamp - now)
        while len(self._kept) > 1 and self._kept[1][1] <= now - KEPT:
            self._kept.popleft()
        first = self._kept[0][0]
        self._timestamps.remove_before(first)
        self._earliness.remove_before(first)
        self._older.add(arrival, first)

    @property
    def newest(self) -> int | None:
        """The highest timestamp that arrived; None if nothing did."""
        return self._timestamps.value

    @property
    def lag(self) -> int | None:
        """How many ms the wall clock was ahead of the timestamps, at the least; None if nothing arrived."""
        earliness = self._earliness.value
        return None if earliness is None else -earliness

    def burst(self, now: int) -> int:
        """Return how many ms of stream arrived in the last CONFIRM ms, without the interval before them.

        Asked right after the newest arrival. A slow stream, of which only that came, has 0.
        """
        return max(0, self.advance(now) - self._interval)

    def advance(self, now: int) -> int:
        """Return how many ms of stream arrived in the last CONFIRM ms."""
        newest = self.newest
        if newest is None:
            return 0
        number, _, timestamp = self._kept[0]
        before = self._older.highest(now, number)
        return newest - (timestamp if before is None else before)
