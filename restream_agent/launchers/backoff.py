"""When a relay that has ended may try again: pauses that grow, spread by chance, and an end if one is wanted.

Pure. systemd before 254 has no growing pauses (RestartSteps=), and none has chance in them: relays that a
failing network ended together would all come back in the same second. Times are seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from restream_agent.base.doubling import doubled_pause

HEALTHY = 30.0
"""A run that lasted this long was no failed attempt, but a broadcast that ended: count from one again."""

_TO_NOTICE = 15.0
"""At least this much longer than `relay.stall`, after which one that never delivered anything is ended."""

GIVEN_UP = 100
"""The exit status of a relay that has given up; its unit then asks systemd for no further restart."""

_FIRST, _LONGEST = 1.0, 30.0


@dataclass(frozen=True)
class Attempts:
    """What is kept from one attempt for the next, in seconds of the monotonic clock.

    `failures` in a row, the first of them at `since`; `started` is when the newest attempt began.
    """

    failures: int = 0
    since: float = 0.0
    started: float = 0.0


def follow(tally: Attempts | None, now: float, *, stall: float) -> Attempts:
    """Return the tally with which another attempt begins; None stands for a start by hand."""
    if tally is None:
        return Attempts()
    if now - tally.started >= max(HEALTHY, stall + _TO_NOTICE):
        return Attempts(1, now)
    return Attempts(tally.failures + 1, tally.since or now)


def pause(failures: int, chance: Callable[[], float]) -> float:
    """Return how long to wait, given a source of numbers from 0 to 1: doubled each time, spread by half."""
    return doubled_pause(failures, first=_FIRST, longest=_LONGEST) * (0.5 + chance())


def has_given_up(tally: Attempts, now: float, give_up: float | None) -> bool:
    """Whether attempts have failed for as long as they may; None is for ever."""
    return give_up is not None and tally.failures > 0 and now - tally.since >= give_up
