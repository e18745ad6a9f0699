"""How a relay is doing, from what systemd, the program and its own ffmpeg say. Pure.

Times are seconds of the monotonic clock. Rules: docs/design.md, "Watching the relays".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from restream_agent.progress import Delivery
from restream_agent.retry import failures_in
from restream_agent.unit_state import UnitState

SILENT = 3.0
"""Seconds without a report, or without anything delivered, after which a relay is not delivering."""

REFUSING_AFTER = 3
"""Attempts in a row that failed, after which a platform is said to refuse."""


class RelayState(StrEnum):
    """What a relay is doing, in one word."""

    OFF = "off"
    STARTING = "starting"
    DELIVERING = "delivering"
    STALLED = "stalled"
    REFUSING = "refusing"
    GIVEN_UP = "given up"
    STOPPED = "stopped"

    @property
    def is_trouble(self) -> bool:
        """Whether the platform does not get what it should."""
        return self in (RelayState.STALLED, RelayState.REFUSING, RelayState.GIVEN_UP)


@dataclass(frozen=True)
class RelayView:
    """All that is known of one relay at `now`.

    `program` is what the program says of its connection (meter.py), empty without one; `position` is
    the program's last timestamp by now, in ms; `running_for` is how long the program has been sending.
    """

    name: str
    now: float
    unit: UnitState = field(default_factory=UnitState)
    program: Mapping[str, Any] = field(default_factory=dict)
    delivery: Delivery | None = None
    taken_at: float | None = None
    position: float | None = None
    running_for: float = 0.0
    is_on_air: bool = True

    @property
    def state(self) -> RelayState:
        """What it is doing."""
        if self.unit.active == "failed":
            return RelayState.GIVEN_UP
        if not self.unit.is_up:
            return RelayState.STOPPED if self.is_on_air else RelayState.OFF
        if self._has_delivered:
            return RelayState.DELIVERING if self.idle <= SILENT else RelayState.STALLED
        return RelayState.REFUSING if self.failures >= REFUSING_AFTER else RelayState.STARTING

    @property
    def failures(self) -> int:
        """How many attempts in a row have failed before this one; none once it delivers."""
        return 0 if self._has_delivered else failures_in(self.unit.words)

    @property
    def idle(self) -> float:
        """Seconds since the platform last took anything in this run of the relay, or since that began."""
        moments = [self.unit.since]
        if self._is_current and self.delivery is not None:
            moments.append(self.delivery.advanced_at)
        return max(0.0, self.now - max(moments))

    @property
    def delay(self) -> float | None:
        """Seconds from the program's newest packet to the newest that was delivered; None if not known."""
        beginning: int | None = self.program.get("beginning")
        if not self._has_delivered or beginning is None or self.position is None or self.delivery is None:
            return None
        age = self.now - self.delivery.reported_at
        # As it was at the report: both go on at the same pace since, unless nothing is delivered any more.
        sent = (self.position - beginning) / 1000 - (age if age <= SILENT else 0)
        return max(0.0, sent - self.delivery.newest.position)

    @property
    def _is_current(self) -> bool:
        """Whether the reports are of this run of ffmpeg, not of the one before."""
        return self.delivery is not None and self.delivery.reported_at >= self.unit.since

    @property
    def _has_delivered(self) -> bool:
        if self.unit.active != "active" or not self._is_current or self.delivery is None:
            return False
        return self.delivery.newest.position > 0

    def is_stuck(self, stall: float) -> bool:
        """Whether it has delivered nothing for `stall` seconds, though it could have.

        Reports that have ceased are no proof by themselves, as datagrams may be lost on the way: then the
        program has to see, too, that the relay takes nothing.
        """
        if self.unit.active != "active" or self.running_for < stall or self.idle < stall:
            return False
        is_reporting = self._is_current and self.delivery is not None
        if is_reporting and self.delivery is not None and self.now - self.delivery.reported_at <= SILENT:
            return True
        taken_at = self.unit.since if self.taken_at is None else max(self.taken_at, self.unit.since)
        return self.now - taken_at >= stall
