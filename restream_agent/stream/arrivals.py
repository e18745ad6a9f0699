"""When the tags of a live stream arrived: whether the stream keeps real time.

Pure. Every method takes constant time on average, however fast the tags arrive: a publisher at twenty times
its speed must not keep the program from sending. `now` is in milliseconds of the broadcast and never goes
back from one call to the next; timestamps are milliseconds of the publisher's clock.
"""

from collections import deque

CONFIRM = 60
"""Milliseconds for which the tags after a keyframe are watched before the program cuts to it."""

STEADY = 3000
"""Milliseconds. A stream that was silent and is late has lost that time for good if it advances in real time
for so long. Arrivals are forgotten after that."""


class Highest:
    """The highest of a sequence of values, of which the oldest may be removed."""

    def __init__(self) -> None:
        self._falling: deque[tuple[int, int]] = deque()

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


class Arrivals:
    """The arrivals of the last STEADY ms, and the last arrival before them."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, int, int]] = deque()
        self._count = 0
        self._timestamps = Highest()
        self._earliness = Highest()
        self._older = {window: _OlderArrivals(window) for window in (CONFIRM, STEADY)}

    def add(self, now: int, timestamp: int) -> None:
        """Note that a tag arrived now."""
        arrival = (self._count, now, timestamp)
        self._count += 1
        self._kept.append(arrival)
        self._timestamps.add(arrival[0], timestamp)
        self._earliness.add(arrival[0], timestamp - now)
        while len(self._kept) > 1 and self._kept[1][1] <= now - STEADY:
            self._kept.popleft()
        first = self._kept[0][0]
        self._timestamps.remove_before(first)
        self._earliness.remove_before(first)
        for older in self._older.values():
            older.add(arrival, first)

    @property
    def newest(self) -> int | None:
        """The highest timestamp that arrived; None if nothing did."""
        return self._timestamps.value

    @property
    def lag(self) -> int | None:
        """How many ms the wall clock was ahead of the timestamps, at the least; None if nothing arrived."""
        earliness = self._earliness.value
        return None if earliness is None else -earliness

    def is_watched(self, now: int) -> bool:
        """Whether the stream has been watched for STEADY."""
        return bool(self._kept) and now - self._kept[0][1] >= STEADY

    def advance(self, now: int, window: int) -> int:
        """Return how many ms of stream arrived in the last `window` ms, which is CONFIRM or STEADY."""
        newest = self.newest
        if newest is None:
            return 0
        number, _, timestamp = self._kept[0]
        before = self._older[window].highest(now, number)
        return newest - (timestamp if before is None else before)


class _OlderArrivals:
    """The highest timestamp among the arrivals that are older than a window."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._newer: deque[tuple[int, int, int]] = deque()
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
        while self._newer and self._newer[0][1] <= now - self._window:
            number, _, timestamp = self._newer.popleft()
            self._timestamps.add(number, timestamp)
