"""The states a fault may end in, and whether one is reached: each look says in words what is missing."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.broadcast import ChaosBroadcast
from tests.lab.scene import FALLBACK, MARKS

Look = Callable[[ChaosBroadcast, float], str]


@dataclass(frozen=True)
class End:
    """A state: `missing` gives what is not yet so since a moment (monotonic seconds), "" when all is."""

    name: str
    missing: Look

    def and_also(self, more: Callable[[ChaosBroadcast], str]) -> "End":
        """Return this state with one more thing that must be so."""
        return End(self.name, lambda broadcast, since: self.missing(broadcast, since) or more(broadcast))


def _shows(broadcast: ChaosBroadcast, since: float, sources: tuple[str, ...], state: str) -> str:
    for name in broadcast.platforms:
        if not broadcast.view.is_showing(name, sources, since):
            return f"{name} receives {broadcast.view.source(name) or 'nothing'}, not {state}"
        if not broadcast.is_connected(name):
            return f"{name} has no connection"
    said = broadcast.state()
    return "" if said == state else f"`status` says {said}, not {state}"


def _is_live(broadcast: ChaosBroadcast, since: float) -> str:
    return _shows(broadcast, since, tuple(MARKS), "live")


def _is_fallback(broadcast: ChaosBroadcast, since: float) -> str:
    return _shows(broadcast, since, (FALLBACK,), "fallback")


def _is_off_air(broadcast: ChaosBroadcast, since: float) -> str:
    for name in broadcast.platforms:
        if broadcast.is_connected(name):
            return f"{name} still has its connection"
    said = broadcast.state()
    return "" if said == "off air" else f"`status` says {said}, not off air"


LIVE = End("live", _is_live)
FALLBACK_ON = End("fallback", _is_fallback)
OFF_AIR = End("off air", _is_off_air)
