"""How things stand, as JSON and in words. Pure; the daemon and the CLI gather what goes in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from restream_agent.decide import Observed, Publisher
from restream_agent.names import relay_unit
from restream_agent.spans import format_span


@dataclass(frozen=True)
class Status:
    """One look at everything: `units` maps units that are not inactive to their state.

    `hold_left` is in seconds, None if no hold is running. `program` is the program's own report.
    """

    observed: Observed
    publisher: Publisher | None
    relays: tuple[str, ...]
    units: Mapping[str, str] = field(default_factory=dict)
    program: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    hold_left: float | None = None

    @property
    def state(self) -> str:
        """Return "off air", "opening", "live", "fallback", or "on air" if the program does not say."""
        if not self.observed.is_on_air:
            return "off air"
        return {None: "on air", "none": "opening"}.get(self.source, str(self.source))

    def words(self) -> str:
        """Return one line for systemd's STATUS=."""
        if self.hold_left is not None:
            return f"{self.state}, off air in {format_span(round(self.hold_left))}"
        who = f" from {self.publisher.address}" if self.publisher and self.state == "live" else ""
        return f"{self.state}{who}"

    def as_json(self) -> dict[str, Any]:
        """Return what `restream-agent status --json` prints: times in seconds, rates in bit/s and 1/s."""
        reported = self.program.get("relays", {})
        return {
            "state": self.state,
            "since": round(self.program.get("since", 0) / 1000, 1) if self.source else None,
            "cause": self.program.get("cause") if self.source else None,
            "held": bool(self.program.get("held")) if self.source else False,
            "hold_left": None if self.hold_left is None else round(self.hold_left, 1),
            "publisher": None
            if self.publisher is None
            else {"stream": self.publisher.stream, "address": self.publisher.address},
            "ingest": "up" if self.observed.publishers is not None else "down",
            "live": self.program.get("live", {}),
            "relays": {
                name: {
                    "unit": self.units.get(relay_unit(name), "inactive"),
                    "connected": bool(self.source) and name in reported,
                    **(reported.get(name, {}) if self.source else {}),
                }
                for name in self.relays
            },
        }
