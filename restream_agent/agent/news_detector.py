"""What somebody may want to be told: told once, when it has lasted. Pure; times in seconds.

A moment is looked at about once a second. What was told is kept, so that a restarted agent neither
repeats it nor misses what happened meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from restream_agent.agent.relay_health import RelayState
from restream_agent.wire.news import Kind

FAILING_AFTER = 10.0
"""Seconds that a platform goes without before that is told: a relay that reconnects at once is no news."""

RECOVERED_AFTER = 5.0
"""Seconds that it gets everything before that is told."""

_ON_AIR = ("live", "fallback", "opening")
_CAUSES = {
    "drop": "the publisher's stream ended",
    "stall": "the publisher's stream went silent",
    "overrun": "the publisher's stream came too fast, as after a jam",
    "break": "asked for by hand",
    "restart": "the program was restarted",
}


@dataclass(frozen=True)
class News:
    """One piece of news: its kind, the platform it is about, and a line for people."""

    event: Kind
    text: str
    platform: str | None = None


@dataclass(frozen=True)
class Moment:
    """How things stand: the channel's state and cause, each relay's, the apply that failed ("" if none)."""

    state: str
    cause: str = ""
    relays: Mapping[str, RelayState] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True)
class Reported:
    """What was told last: the channel's state, who is failing, who of them for good, which failed apply."""

    state: str = "off air"
    failing: frozenset[str] = frozenset()
    refused: str = ""
    given_up: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Reported":
        """Read what `as_json` made; KeyError or TypeError for something else."""
        state, failing, refused = str(values["state"]), frozenset(values["failing"]), str(values["refused"])
        return cls(state, failing, refused, frozenset(values.get("given_up", ())))

    def as_json(self) -> dict[str, Any]:
        """Return it as a file keeps it."""
        return {
            "state": self.state,
            "failing": sorted(self.failing),
            "refused": self.refused,
            "given_up": sorted(self.given_up),
        }


class NewsDetector:
    """Compares moments and says what is new."""

    def __init__(self, told: Reported) -> None:
        self.told = told
        self._since: dict[str, float] = {}

    def look(self, moment: Moment, now: float) -> list[News]:
        """Return what is new at a moment."""
        events = [*self._channel(moment), *self._platforms(moment, now), *self._config(moment)]
        state = moment.state if moment.state in (*_ON_AIR, "off air") else self.told.state
        self.told = replace(self.told, state=state, refused=moment.refused)
        return events

    def _channel(self, moment: Moment) -> list[News]:
        before, after = self.told.state, moment.state
        if before != after == "off air":
            return [News(Kind.OFF_AIR, "off air")]
        if before == after or after not in _ON_AIR:  # "on air": the program does not say what it plays
            return []
        if before == "off air":
            return [News(Kind.ON_AIR, "on air" if after == "opening" else f"on air: {after}")]
        if after == "fallback":
            cause = _CAUSES.get(moment.cause)
            return [News(Kind.FALLBACK, "the fallback is shown" + (f": {cause}" if cause else ""))]
        return [News(Kind.LIVE, "live")] if before == "fallback" else []

    def _platforms(self, moment: Moment, now: float) -> list[News]:
        """Tell of a platform whose state has been another than the one that was told for long enough."""
        if moment.state == "off air":
            self._since.clear()
            self.told = replace(self.told, failing=frozenset(), given_up=frozenset())
            return []
        events, failing = [], set(self.told.failing & moment.relays.keys())
        for name, state in moment.relays.items():
            was_failing, is_well = name in failing, state is RelayState.DELIVERING
            is_news = is_well if was_failing else not is_well and state is not RelayState.STOPPED
            if self._has_lasted(name, is_news, now, RECOVERED_AFTER if was_failing else FAILING_AFTER):
                failing ^= {name}
            elif not was_failing or state is not RelayState.GIVEN_UP or name in self.told.given_up:
                continue
            kind = Kind.PLATFORM_RECOVERED if is_well else Kind.PLATFORM_FAILING
            text = f"{name} gets everything again" if is_well else f"{name} gets nothing: {state}"
            events.append(News(kind, text, name))
        given_up = {name for name in failing if moment.relays[name] is RelayState.GIVEN_UP}
        self.told = replace(self.told, failing=frozenset(failing), given_up=frozenset(given_up))
        return events

    def _has_lasted(self, name: str, is_news: bool, now: float, seconds: float) -> bool:
        """Whether something about a platform has been so for some seconds; it begins anew if it has."""
        if not is_news:
            self._since.pop(name, None)
            return False
        if now - self._since.setdefault(name, now) < seconds:
            return False
        del self._since[name]
        return True

    def _config(self, moment: Moment) -> list[News]:
        if not moment.refused or moment.refused == self.told.refused:
            return []
        text = "an edit of the TOML could not be applied: journalctl -u restream-apply"
        return [News(Kind.CONFIG_REFUSED, text)]
