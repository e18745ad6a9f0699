"""How a relay is doing, from what systemd, the program and its own ffmpeg say. Pure.

Times are seconds of the monotonic clock. Rules: docs/design.md, "Watching the relays".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from restream_agent.agent.ffmpeg_progress import HEADERS, ProgressHistory
from restream_agent.systemd.unit_state import UnitState
from restream_agent.wire.attempts import failures_in

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
    delivery: ProgressHistory | None = None
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
        if self.has_delivered:
            return RelayState.DELIVERING if self.idle <= SILENT else RelayState.STALLED
        return RelayState.REFUSING if self.failures >= REFUSING_AFTER else RelayState.STARTING

    @property
    def reports(self) -> ProgressHistory | None:
        """Its ffmpeg's reports, None if there are none of this run of it."""
        if self.delivery is None or self.delivery.reported_at < self.unit.since:
            return None
        return self.delivery

    @property
    def has_delivered(self) -> bool:
        """Whether media have reached the platform in this run."""
        is_reported = self.reports is not None and self.reports.newest.size > HEADERS
        return self.unit.active == "active" and is_reported

    @property
    def failures(self) -> int:
        """How many attempts in a row have failed before this one; none once it delivers."""
        return 0 if self.has_delivered else failures_in(self.unit.words)

    @property
    def idle(self) -> float:
        """Seconds since the platform last took anything in this run of the relay, or since that began.

        Where the relay's reports have ceased, what it takes from the program counts: datagrams get lost.
        """
        moments = [self.unit.since]
        if self.reports is not None:
            moments.append(self.reports.advanced_at)
        if not self._is_reporting and self.taken_at is not None:
            moments.append(self.taken_at)
        return max(0.0, self.now - max(moments))

    @property
    def delay(self) -> float | None:
        """Seconds from the program's newest packet to the newest that was delivered; None if not known."""
        beginning: int | None = self.program.get("beginning")
        reports = self.reports if self.has_delivered else None
        if reports is None or reports.newest.position is None or beginning is None or self.position is None:
            return None
        if self._is_reporting and reports.reported_at - reports.moved_at > SILENT > self.idle:
            return None  # a stream of the two has ended, and ffmpeg gives the time of that one
        # As it was at the report: both go on at the same pace since, unless nothing is delivered any more.
        age = self.now - reports.reported_at if self._is_reporting else 0
        return max(0.0, (self.position - beginning) / 1000 - age - reports.newest.position)

    @property
    def _is_reporting(self) -> bool:
        return self.reports is not None and self.now - self.reports.reported_at <= SILENT

    def is_stuck(self, stall: float) -> bool:
        """Whether it has delivered nothing for `stall` seconds, though it could have.

        A restart costs the platform its connection, so reports that have ceased are no proof: then the
        program has to see, too, that the relay takes nothing, which is in `idle`.
        """
        return self.unit.active == "active" and self.running_for >= stall and self.idle >= stall
