"""The states a fault may end in, and whether one is reached: each look says in words what is missing."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.stage import Stage
from tests.lab.scene import FALLBACK, MARKS

Look = Callable[[Stage, float], str]


@dataclass(frozen=True)
class End:
    """A state: `missing` gives what is not yet so since a moment (monotonic seconds), "" when all is."""

    name: str
    missing: Look

    def and_also(self, more: Callable[[Stage], str]) -> "End":
        """Return this state with one more thing that must be so."""
        return End(self.name, lambda stage, since: self.missing(stage, since) or more(stage))


def _shows(stage: Stage, since: float, sources: tuple[str, ...], state: str) -> str:
    for name in stage.platforms:
        if not stage.view.is_showing(name, sources, since):
            return f"{name} receives {stage.view.source(name) or 'nothing'}, not {state}"
        if not stage.is_connected(name):
            return f"{name} has no connection"
    said = stage.state()
    return "" if said == state else f"`status` says {said}, not {state}"


def _is_live(stage: Stage, since: float) -> str:
    return _shows(stage, since, tuple(MARKS), "live")


def _is_fallback(stage: Stage, since: float) -> str:
    return _shows(stage, since, (FALLBACK,), "fallback")


def _is_off_air(stage: Stage, since: float) -> str:
    for name in stage.platforms:
        if stage.is_connected(name):
            return f"{name} still has its connection"
    said = stage.state()
    return "" if said == "off air" else f"`status` says {said}, not off air"


LIVE = End("live", _is_live)
FALLBACK_ON = End("fallback", _is_fallback)
OFF_AIR = End("off air", _is_off_air)
