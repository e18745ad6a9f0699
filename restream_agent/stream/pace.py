"""How fast a publisher's stream arrives, and how late: what tells a weak line from a good one. Pure.

`now` is in milliseconds of the broadcast; timestamps are milliseconds of the publisher's clock. The *lag* of
a tag is the difference between the two when it arrives.
"""

from collections import deque

WINDOW = 10_000
"""Milliseconds over which the speed is measured."""

_LEAST_WINDOW = 5000
"""Milliseconds after which a speed is known. Over a shorter time a burst looks like a speed."""

_RECENT = 2000
"""Milliseconds. The least lag within this time is the stream's: of a burst the last tag has it."""

_BIN = 500
"""Milliseconds. The least lag is kept for each bin."""

_DRIFT = 5000
"""Milliseconds in which the best lag of a connection grows by 1 ms. The clocks of two computers differ by up
to 0.1 ms in a second, which must not look like a line that gets later and later."""

_FASTEST = 100.0
"""A speed above this is a leap of the timestamps."""


class Pace:
    """The speed and the lateness of one connection.

    `speed` is milliseconds of stream per millisecond, None while it is not known. `late` is by how many ms
    the stream arrives later than it did at its best. Both are those of the last call of `measure`.
    """

    speed: float | None
    late: int
    _bins: deque[tuple[int, int]]
    _samples: deque[tuple[int, int]]
    _newest: int | None
    _best: float | None

    def __init__(self) -> None:
        self.speed = None
        self.late = 0
        self._bins = deque()
        self._samples = deque()
        self._newest = None
        self._best = None

    def add(self, now: int, timestamp: int) -> None:
        """Note that a tag arrived now."""
        lag = now - timestamp
        if self._bins and self._bins[-1][0] == now // _BIN:
            lag = min(lag, self._bins.pop()[1])
        self._bins.append((now // _BIN, lag))
        self._newest = timestamp if self._newest is None else max(self._newest, timestamp)
        self._forget(now)

    def measure(self, now: int) -> None:
        """Measure speed and lateness. Called in regular intervals; before the first tag nothing is known."""
        if self._newest is None:
            return
        self._forget(now)
        lag = min((least for _, least in self._bins), default=now - self._newest)
        self._judge(now, lag)
        self._samples.append((now, lag))
        while now - self._samples[0][0] > WINDOW:
            self._samples.popleft()
        begun, earlier = self._samples[0]
        if now - begun >= _LEAST_WINDOW:
            self.speed = max(0.0, min(_FASTEST, 1 - (lag - earlier) / (now - begun)))

    def _judge(self, now: int, lag: int) -> None:
        """Compare a lag with the best of the connection."""
        if self._best is not None:
            self._best += (now - self._samples[-1][0]) / _DRIFT
        self._best = lag if self._best is None else min(self._best, lag)
        self.late = round(lag - self._best)

    def _forget(self, now: int) -> None:
        while self._bins and self._bins[0][0] <= (now - _RECENT) // _BIN:
            self._bins.popleft()
