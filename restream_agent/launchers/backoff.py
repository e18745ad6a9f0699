"""When a relay that has ended may try again: growing pauses, spread by chance, until it gives up.

Pure. systemd before 254 has no growing pauses (RestartSteps=), and no version adds chance to them: relays
that a failing network ended together would all come back in the same second. Times are in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from restream_agent.base.doubling import doubled_pause

HEALTHY = 30.0
"""A run that lasted this long was not a failed attempt but a broadcast that ended; the count starts again."""

_TO_NOTICE = 15.0
"""The most by which the run of a relay that never delivered anything exceeds `relay.stall`."""

_FIRST, _LONGEST = 1.0, 30.0
_SPREAD = 0.5

_AT_FIRST = 180.0
_LONGEST_AT_FIRST = 10.0 / (1 + _SPREAD)
"""For this long, in seconds, no pause is longer than 10 s: a platform may keep a dead session for a minute
(Kick, Amazon IVS). For a platform that refuses for longer the longest pause grows with the time."""


@dataclass(frozen=True)
class Attempts:
    """What one attempt leaves for the next (attempts.json), in seconds of the monotonic clock.

    `failures` counts the failed attempts in a row, the first of which was at `since`; `started` is when the
    newest attempt began.
    """

    failures: int = 0
    since: float = 0.0
    started: float = 0.0


def follow(previous: Attempts | None, now: float, *, stall: float) -> Attempts:
    """Return the count with which another attempt begins; `previous` is None for a start by hand."""
    if previous is None:
        return Attempts()
    if now - previous.started >= max(HEALTHY, stall + _TO_NOTICE):
        return Attempts(1, now)
    return Attempts(previous.failures + 1, previous.since or now)


def pause(attempts: Attempts, now: float, chance: Callable[[], float]) -> float:
    """Return how long to wait after some failures; `chance` returns numbers from 0 to 1.

    The pause doubles with each failure, and is spread by half of it in both directions.
    """
    grown = _LONGEST_AT_FIRST * max(1.0, (now - attempts.since) / _AT_FIRST)
    middle = doubled_pause(attempts.failures, first=_FIRST, longest=min(grown, _LONGEST))
    return middle * (1 - _SPREAD + 2 * _SPREAD * chance())


def has_given_up(attempts: Attempts, now: float, give_up: float | None) -> bool:
    """Whether attempts have failed for `give_up` seconds; None means that the relay never gives up."""
    return give_up is not None and attempts.failures > 0 and now - attempts.since >= give_up
