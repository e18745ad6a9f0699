"""Observes the situation: asks the ingest server and systemd, and reads the newest reports."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from restream_agent.agent.decide import UNREACHABLE
from restream_agent.agent.edit_state import commit_status, edit_state
from restream_agent.agent.ingest_api import IngestServer
from restream_agent.agent.ingest_health import HEALTHY, IngestHealth
from restream_agent.agent.joint_look import WATCHED, JointLook
from restream_agent.agent.port_probe import PortProbe
from restream_agent.agent.relay_health import RelayView
from restream_agent.agent.renewal import NIGHT
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.agent.telemetry import Telemetry
from restream_agent.base.errors import RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.systemctl import Systemd
from restream_agent.systemd.unit_state import UnitState
from restream_agent.wire.program_report import LiveReport
from restream_agent.wire.status_report import CommitStatus

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """Where a channel is, and what it has to know of the machine around it.

    `operator` is the directory of the operator's requests. One channel, `main`, watches over the ingest
    server, and must not restart it while `is_used_elsewhere`: while another channel has a publisher.
    `channel` is this one. `is_configured` is False as soon as an apply takes the channel away.
    """

    operator: Path
    watches_server: bool = True
    is_used_elsewhere: Callable[[], bool] = lambda: False
    channel: Channel = MAIN_CHANNEL
    is_configured: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class IngestAnswer:
    """The ingest server's list of publishers, or its error; times in seconds of the monotonic clock.

    `publishers` is None if the server did not answer the request of `asked_at`; `error` is then the message,
    else "". `answered_at` is the time of the last request that the server answered.
    """

    publishers: tuple[Publisher, ...] | None
    asked_at: float
    answered_at: float
    error: str = ""


@dataclass(frozen=True)
class Observation:
    """The result of one look at systemd, the ingest server's answer and the reports.

    `hold_ends_at` is in seconds of the monotonic clock, None if no hold with an end is running. `edit` is
    what edit_state() returns, `commit` what commit_status() does.
    """

    situation: Situation
    units: Mapping[str, UnitState] = field(default_factory=dict)
    hold_ends_at: float | None = None
    edit: str = ""
    commit: CommitStatus | None = None

    def unit(self, name: str) -> UnitState:
        """Return a unit's state; a unit that systemd does not list is inactive."""
        return self.units.get(name, UnitState())

    @property
    def failed_helpers(self) -> tuple[str, ...]:
        """The units around the broadcast whose last run has failed; relays and players have other words."""
        failed = (unit for unit, state in self.units.items() if state.active == "failed")
        return tuple(sorted(unit for unit in failed if not unit.startswith(("ffmpeg-relay@", "live@"))))

    @property
    def failed_apply(self) -> str:
        """The run of restream-apply.service if its last run has failed, else ""."""
        unit = self.unit(unit_names.APPLY_UNIT)
        return unit.run if unit.active == "failed" else ""


class Observer:
    """Makes observations. `hold` and `stall` are in seconds; `relays` are the relays' names.

    `shape` tells what of a publisher's stream the fallback has to match (codecs.py).
    """

    def __init__(
        self,
        ingest: IngestServer,
        systemd: Systemd,
        telemetry: Telemetry,
        port: PortProbe,
        surroundings: Surroundings,
        *,
        joint: JointLook,
        relays: tuple[str, ...],
        hold: float | None,
        stall: float,
        shape: Callable[[LiveReport | None], str],
        clock: Callable[[], float],
        hour: Callable[[], int] = lambda: time.localtime().tm_hour,
    ) -> None:
        """`hour` is the hour of the day, in local time."""
        self._clock = clock
        self._hour = hour
        self._ingest = ingest
        self._systemd = systemd
        self._joint = joint
        self._telemetry = telemetry
        self.port = port
        self.surroundings = surroundings
        self._relays = relays
        self._hold = hold
        self._stall = stall
        self._shape = shape
        self._answer = IngestAnswer(None, asked_at=clock(), answered_at=clock())
        self._may_rest = False

    @property
    def stream_shape(self) -> str:
        """What the fallback has to match now, "" while that is not known."""
        report = self._telemetry.fresh_report
        return self._shape(None if report is None else report.live)

    async def observe_server(self, units: Mapping[str, UnitState]) -> Observation:
        """Look at the ingest server alone; the units are taken to be as they were."""
        self._answer = await self._ask_ingest(self._answer)
        return self._observation(units, self._answer)

    async def observe_for_tick(self, last: Observation) -> Observation:
        """Look at the server and, with the other channels, at systemd; RestreamError as of `observe`.

        While nothing happens systemd is asked every other time only: the program would report a broadcast.
        """
        if self._may_rest and self._is_quiet(last):
            self._may_rest = False
            return await self.observe_server(last.units)
        self._may_rest = False
        found = await self.observe(is_joint=True)
        self._may_rest = True
        return found

    def _is_quiet(self, last: Observation) -> bool:
        """Whether nothing was on air, began or ended, and the server was well and listed nobody."""
        situation, is_silent = last.situation, self._telemetry.fresh_report is None
        is_off_air = not situation.is_on_air and not situation.is_ending
        return is_off_air and is_silent and situation.publishers == () and self.port.failures == 0

    async def observe(self, *, is_joint: bool) -> Observation:
        """Look at the ingest server and at systemd at once; RestreamError if systemd does not answer.

        A look at systemd that `is_joint` is shared with the channels that look now, too. Another is at fewer
        units.
        """
        looking = asyncio.ensure_future(self._look_at_units(is_joint=is_joint))
        try:
            self._answer = await self._ask_ingest(self._answer)
            units = await looking
        finally:
            looking.cancel()
        return self._observation(units, self._answer)

    async def _ask_ingest(self, previous: IngestAnswer) -> IngestAnswer:
        """Request the list of publishers; an error that is repeated is logged only once."""
        now = self._clock()
        try:
            listed = await self._ingest.publishers()
        except RestreamError as error:
            if error.message != previous.error:
                log.warning("%s", error.message)
            return IngestAnswer(None, now, previous.answered_at, error.message)
        # A publisher whose stream's name cannot be part of a unit's name was never accepted by the agent.
        publishers = tuple(publisher for publisher in listed if unit_names.is_instance(publisher.stream))
        return IngestAnswer(publishers, now, now)

    async def _look_at_units(self, *, is_joint: bool) -> Mapping[str, UnitState]:
        if is_joint:
            return await self._joint.units(self.surroundings.channel)
        return await asyncio.to_thread(self._systemd.units, *WATCHED)

    def _observation(self, units: Mapping[str, UnitState], answer: IngestAnswer) -> Observation:
        target = units.get(unit_names.TARGET, UnitState())
        # What was reported of a broadcast that has ended says nothing of the next.
        ended_at = target.ended if target.is_up else self._clock()
        self._telemetry.ended_at = max(self._telemetry.ended_at, ended_at)
        hold_ends_at = self._hold_ends_at(units)
        situation = self._situation(units, answer, hold_ends_at)
        return Observation(situation, units, hold_ends_at, edit_state(), commit_status())

    def relay_views(self, units: Mapping[str, UnitState], *, is_on_air: bool) -> tuple[RelayView, ...]:
        """Return what is known of each relay now, given the units of the last look."""
        telemetry = self._telemetry
        report = telemetry.fresh_report
        connections = {} if report is None else report.relays
        late = report.live.late / 1000 if report is not None and report.source == "live" else 0.0
        return tuple(
            RelayView(
                name=name,
                now=self._clock(),
                unit=units.get(unit_names.relay_unit(name), UnitState()),
                connection=connections.get(name),
                delivery=telemetry.deliveries.get(name),
                lip_sync=telemetry.lip_syncs.get(name),
                taken_at=telemetry.taken_at.get(name),
                lacked_at=telemetry.lacked_at.get(name),
                position=telemetry.position,
                late=late,
                running_for=telemetry.running_for,
                watched_since=telemetry.began_at,
                is_on_air=is_on_air,
            )
            for name in self._relays
        )

    def _situation(
        self, units: Mapping[str, UnitState], answer: IngestAnswer, hold_ends_at: float | None
    ) -> Situation:
        now = answer.asked_at
        running = {unit for unit, state in units.items() if state.is_up}
        pullers = (unit for unit in running if unit_names.is_live_unit(unit))
        is_on_air = unit_names.TARGET in running
        views = self.relay_views(units, is_on_air=is_on_air)
        operator = self.surroundings.operator
        return Situation(
            now=now,
            publishers=answer.publishers,
            unreachable=now - answer.answered_at,
            is_heard=self._telemetry.is_heard,
            is_on_air=is_on_air,
            is_ending=_is_ending(units),
            live_streams=frozenset(unit_names.stream_of(unit) for unit in pullers),
            is_hold_running=unit_names.HOLD_TIMER in running,
            is_opened=(operator / "open").exists(),
            is_ended=(operator / "end").exists(),
            stuck_relays=tuple(view.name for view in views if view.is_stuck(self._stall)),
            unheard_for=self._unheard_for(units, now),
            relay_ages={view.name: view.age for view in views if view.age is not None},
            is_relay_settling=any(view.is_settling for view in views),
            is_night=self._hour() in NIGHT,
            fallback_for=self._telemetry.fallback_for,
            hold_left=0.0 if hold_ends_at is None else hold_ends_at - now,
            ingest=self._ingest_health(units, answer),
            shape=self.stream_shape,
            is_unprepared=units.get(unit_names.PREPARE_UNIT, UnitState()).active == "failed",
            is_used_elsewhere=self.surroundings.is_used_elsewhere(),
        )

    def _ingest_health(self, units: Mapping[str, UnitState], answer: IngestAnswer) -> IngestHealth:
        if not self.surroundings.watches_server:
            return HEALTHY
        unit = units.get(unit_names.INGEST_UNIT, UnitState())
        return IngestHealth(
            is_port_dead=self.port.is_dead,
            is_api_dead=answer.publishers is None and answer.asked_at - answer.answered_at >= UNREACHABLE,
            up_for=answer.asked_at - unit.since if unit.active == "active" else 0.0,
        )

    def _hold_ends_at(self, units: Mapping[str, UnitState]) -> float | None:
        timer = units.get(unit_names.HOLD_TIMER)
        if timer is None or not timer.is_up or self._hold is None:
            return None
        return timer.since + self._hold

    def _unheard_for(self, units: Mapping[str, UnitState], now: float) -> float:
        """Return for how many seconds a stream has been pulled while none of it has reached the program."""
        report = self._telemetry.fresh_report
        if report is None or report.live.connected:
            return 0.0
        pullers = (state for unit, state in units.items() if unit_names.is_live_unit(unit))
        # Until a unit is active, its `since` is that of its previous run.
        pulled_for = [now - state.since for state in pullers if state.active == "active"]
        return min(pulled_for, default=0.0)


def _is_ending(units: Mapping[str, UnitState]) -> bool:
    """Whether off-air is under way, or a stop of the target that somebody has asked systemd for."""
    service, target = units.get(unit_names.HOLD_SERVICE), units.get(unit_names.TARGET)
    return (service is not None and service.is_up) or (target is not None and target.has_job)
