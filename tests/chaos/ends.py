"""The states in which a fault may end; each check returns in words what is missing."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.broadcast import ChaosBroadcast
from tests.lab.scene import FALLBACK, MARKS

Look = Callable[[ChaosBroadcast, float], str]


@dataclass(frozen=True)
class End:
    """A state. `missing` returns what is not reached since a time (monotonic seconds), "" if nothing."""

    name: str
    missing: Look

    def and_also(self, more: Callable[[ChaosBroadcast], str]) -> "End":
        """Return this state with one more condition."""
        return End(self.name, lambda broadcast, since: self.missing(broadcast, since) or more(broadcast))


def _shows(broadcast: ChaosBroadcast, since: float, sources: tuple[str, ...], state: str) -> str:
    for name in broadcast.platforms:
        if not broadcast.view.is_showing(name, sources, since):
            last = broadcast.view.source(name) or "nothing"
            return f"{name} has received no new keyframe of {state}, the last one was of {last}"
        if not broadcast.is_connected(name):
            return f"{name} has no connection"
    status = broadcast.state()
    return "" if status == state else f"`status` says {status} instead of {state}"


def _is_live(broadcast: ChaosBroadcast, since: float) -> str:
    return _shows(broadcast, since, tuple(MARKS), "live")


def _is_fallback(broadcast: ChaosBroadcast, since: float) -> str:
    return _shows(broadcast, since, (FALLBACK,), "fallback")


def _is_off_air(broadcast: ChaosBroadcast, since: float) -> str:
    for name in broadcast.platforms:
        if broadcast.is_connected(name):
            return f"{name} still has a connection"
    status = broadcast.state()
    return "" if status == "off air" else f"`status` says {status} instead of off air"


LIVE = End("live", _is_live)
FALLBACK_ON = End("fallback", _is_fallback)
OFF_AIR = End("off air", _is_off_air)
