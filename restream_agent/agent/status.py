"""How things stand, as JSON and in words. Pure; the daemon and the CLI gather what goes in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from restream_agent.agent.decide import Publisher, Situation
from restream_agent.agent.ffmpeg_progress import Rates
from restream_agent.agent.relay_health import RelayView
from restream_agent.systemd.time_spans import format_span


@dataclass(frozen=True)
class Status:
    """One look at everything.

    `program` is the program's own report (meter.py), empty if it says nothing. `hold_left` is in seconds,
    None if no hold is running. `refused` names the run of `apply` after an edit of the TOML that failed, ""
    if the last one has not.
    """

    situation: Situation
    publisher: Publisher | None
    relays: tuple[RelayView, ...]
    program: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    hold_left: float | None = None
    refused: str = ""

    @property
    def state(self) -> str:
        """Return "off air", "opening", "live", "fallback", or "on air" if the program does not say."""
        if not self.situation.is_on_air:
            return "off air"
        return {None: "on air", "none": "opening"}.get(self.source, str(self.source))

    @property
    def summary(self) -> str:
        """Say what is shown and who is in trouble."""
        who = f" from {self.publisher.address}" if self.publisher and self.state == "live" else ""
        trouble = [f"{relay.name} {relay.state}" for relay in self.relays if relay.state.is_trouble]
        return ", ".join([f"{self.state}{who}", *trouble])

    def words(self) -> str:
        """Return one line for systemd's STATUS=."""
        if self.hold_left is None:
            return self.summary
        return f"{self.summary}, off air in {format_span(round(self.hold_left))}"

    def problems(self) -> tuple[str, ...]:
        """Return what a monitor should wake somebody for, in words."""
        found = []
        if self.situation.publishers is None:
            found.append("the ingest server does not answer")
        if self.situation.is_on_air and self.source is None:
            found.append("on air, but the program says nothing")
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """Return what `restream-agent status --json` prints: times in seconds, rates in bit/s and 1/s."""
        is_known = bool(self.source)
        return {
            "state": self.state,
            "since": round(self.program.get("since", 0) / 1000, 1) if is_known else None,
            "cause": self.program.get("cause") if is_known else None,
            "held": bool(self.program.get("held")),
            "hold_left": None if self.hold_left is None else round(self.hold_left, 1),
            "publisher": None
            if self.publisher is None
            else {"stream": self.publisher.stream, "address": self.publisher.address},
            "ingest": "up" if self.situation.publishers is not None else "down",
            "config": "refused" if self.refused else "ok",
            "live": self.live_json(),
            "hand_offs": [_hand_off(one) for one in self.program.get("hand_offs", {}).get("recent", [])],
            "relays": {relay.name: relay_json(relay) for relay in self.relays},
        }

    def live_json(self) -> dict[str, Any]:
        """Return what the program knows of the publisher's stream; its keyframe interval in seconds."""
        live = dict(self.program.get("live", {}))
        if live:
            live["keyframe_interval"] = live["keyframe_interval"] / 1000
            kinds = self.program.get("hand_offs", {}).get("kinds", {})
            live["stalls"] = kinds.get("stall", {}).get("count", 0)
        return live


def _hand_off(one: Mapping[str, Any]) -> dict[str, Any]:
    gap = one["gap"]
    return {
        "kind": one["kind"],
        "source": one["source"],
        "ago": round(one["ago"] / 1000, 1),
        "gap": None if gap is None else gap / 1000,
    }


def relay_json(relay: RelayView) -> dict[str, Any]:
    """Return one relay: times in seconds, rates in bit/s and 1/s, sizes in bytes; null if not known."""
    program, delivery = relay.program, relay.reports
    is_delivering = relay.has_delivered
    rates = delivery.rates(relay.now) if is_delivering and delivery is not None else Rates()
    return {
        "unit": relay.unit.active,
        "state": relay.state.value,
        "connected": bool(program),
        "failures": relay.failures,
        "restarts": relay.unit.restarts if relay.unit.is_up else None,
        "bitrate": _rounded(rates.bitrate, 0),
        "frame_rate": _rounded(rates.frame_rate, 1),
        "speed": _rounded(rates.speed, 2),
        "delay": _rounded(relay.delay, 2),
        "idle": round(relay.idle, 1) if relay.unit.is_up else None,
        "delivered": delivery.newest.size if is_delivering and delivery is not None else None,
        "sent": program.get("sent"),
        "behind": program["behind"] / 1000 if program else None,
        "queued": program.get("queued"),
        "skipped": program.get("skipped"),
        "words": relay.unit.words if relay.failures else "",
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
