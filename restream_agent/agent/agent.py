"""What the agent does with its decisions: looks, decides, acts, one event at a time."""

import asyncio
import json
import logging
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from restream_agent.agent.decide import (
    Action,
    Decision,
    Drop,
    Event,
    Kill,
    Memory,
    Observed,
    Publish,
    Publisher,
    Rules,
    Tick,
    Unit,
    Unpublish,
    decide,
)
from restream_agent.agent.hook_formats import Hook
from restream_agent.agent.ingest_api import IngestServer
from restream_agent.agent.relay_health import RelayView
from restream_agent.agent.status import Status
from restream_agent.agent.telemetry import Telemetry
from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd
from restream_agent.systemd.unit_state import UnitState

log = logging.getLogger(__name__)

FRESH_LOOK = 0.3
"""Seconds. However often the status is asked for, systemd is not asked more often than this."""

_WATCHED = (
    unit_names.TARGET,
    unit_names.HOLD_TIMER,
    unit_names.APPLY_UNIT,
    "live@*.service",
    "ffmpeg-relay@*.service",
)


@dataclass(frozen=True)
class AgentSettings:
    """The rendered agent.json. `relays` maps each relay's name to the address that its ffmpeg reports from.

    `hold`, `stall` (of a relay) and `silence` (of a publisher who is listed) are in seconds.
    """

    api: str
    hold: float | None
    relays: dict[str, str]
    stall: float
    server: str
    source: str
    standby: bool
    matches_live: bool
    takes_any_key: bool
    silence: float | None = None
    notifies: bool = False

    @classmethod
    def read(cls, path: Path) -> "AgentSettings":
        """Read what render.py wrote; TypeError or ValueError if it is something else."""
        values: dict[str, Any] = dict(json.loads(path.read_text()))
        settings = cls(**values)
        if not isinstance(settings.relays, dict):
            raise TypeError("relays is no table")
        return settings


class Agent:
    """Turns hooks and ticks into what systemd and the ingest server are asked to do."""

    def __init__(
        self,
        settings: AgentSettings,
        ingest: IngestServer,
        systemd: Systemd,
        telemetry: Telemetry,
        runtime: Path,
    ) -> None:
        self._settings = settings
        self._rules = Rules(
            hold=settings.hold,
            silence=settings.silence,
            standby=settings.standby,
            matches_live=settings.matches_live,
        )
        self._ingest = ingest
        self._systemd = systemd
        self._telemetry = telemetry
        self._operator = Path(paths.OPERATOR)
        self._memory_file = runtime / "memory.json"
        self._memory = self._recall()
        self._turn = asyncio.Lock()
        self.look_again = asyncio.Event()
        self._answered_at = time.monotonic()
        self._unanswered = ""
        self._units: dict[str, UnitState] = {}
        self._observed = Observed(now=time.monotonic(), publishers=None)
        self._hold_ends: float | None = None

    async def publish(self, hook: Hook) -> str:
        """Handle `on_publish` with a valid key; return why it is refused, "" if it is not."""
        decision = await self._handle(Publish(hook.publisher))
        if not decision.refusal:
            self.look_again.set()
            log.info("publisher %s from %s accepted", hook.publisher.stream, hook.publisher.address)
        return decision.refusal

    async def unpublish(self, hook: Hook) -> None:
        """Handle `on_unpublish`.

        The puller's stream is ended first, by the server: both leave their players waiting, and systemd,
        which stops the puller, may be busy with itself for a second (daemon-reexec). The program falls
        back at the end of the stream.
        """
        current = self._memory.current
        if current is not None and current.client_id == hook.publisher.client_id:
            with suppress(RestreamError):
                await self._ingest.cut(hook.publisher.stream)
        await self._handle(Unpublish(hook.publisher))

    async def tick(self) -> None:
        """See whether all is as it should be, and make it so."""
        await self._handle(Tick())

    def status(self) -> Status:
        """Return how things stood at the last look at systemd and the server, and in the last reports."""
        left = None if self._hold_ends is None else max(0.0, self._hold_ends - time.monotonic())
        return Status(
            observed=self._observed,
            publisher=self._memory.current,
            relays=self._views(is_on_air=self._observed.is_on_air),
            program=self._telemetry.report if self._telemetry.source else {},
            source=self._telemetry.source,
            hold_left=left,
            refused=self._refused(),
        )

    def _views(self, *, is_on_air: bool) -> tuple[RelayView, ...]:
        telemetry = self._telemetry
        reported = telemetry.report.get("relays", {}) if telemetry.source else {}
        return tuple(
            RelayView(
                name=name,
                now=time.monotonic(),
                unit=self._units.get(unit_names.relay_unit(name), UnitState()),
                program=reported.get(name, {}),
                delivery=telemetry.deliveries.get(name),
                taken_at=telemetry.taken_at.get(name),
                position=telemetry.position,
                running_for=telemetry.running_for,
                is_on_air=is_on_air,
            )
            for name in self._settings.relays
        )

    def _refused(self) -> str:
        """Return which run of `apply` by ourselves has failed, "" if the last one has not."""
        unit = self._units.get(unit_names.APPLY_UNIT, UnitState())
        return unit.run if unit.active == "failed" else ""

    def looked_ago(self) -> float:
        """Return how many seconds ago systemd was last looked at."""
        return time.monotonic() - self._observed.now

    async def refresh(self) -> None:
        """Look anew, without deciding anything, unless the last look is younger than FRESH_LOOK."""
        async with self._turn:
            if time.monotonic() - self._observed.now > FRESH_LOOK:
                self._observed = await self._observe()

    async def _handle(self, event: Event) -> Decision:
        async with self._turn:
            try:
                self._observed = await self._observe()
            except RestreamError as error:
                if isinstance(event, Tick):
                    raise
                # A hook is answered whatever systemd says; the next tick makes good what was wrong.
                log.error("%s", error.message)
                self._observed = replace(self._observed, now=time.monotonic(), publishers=None)
                self.look_again.set()
            decision = decide(self._rules, self._memory, self._observed, event)
            if decision.memory != self._memory:
                self._memory = decision.memory
                self._remember()
            await self._act(decision)
            if decision.actions:
                with suppress(RestreamError):
                    self._observed = await self._observe()
            return decision

    async def _observe(self) -> Observed:
        now = time.monotonic()
        publishers: tuple[Publisher, ...] | None = None
        try:
            listed = await self._ingest.publishers()
        except RestreamError as error:
            if error.message != self._unanswered:
                log.warning("%s", error.message)
            self._unanswered = error.message
        else:
            self._unanswered = ""
            # A name that no unit can bear was never accepted here.
            publishers = tuple(one for one in listed if unit_names.is_instance(one.stream))
            self._answered_at = now
        self._units = await asyncio.to_thread(self._systemd.units, *_WATCHED)
        running = {unit for unit, state in self._units.items() if state.is_up}
        live = (unit for unit in running if unit_names.is_live_unit(unit))
        is_on_air, is_holding = unit_names.TARGET in running, unit_names.HOLD_TIMER in running
        self._hold_ends = None
        if is_holding and self._settings.hold is not None:
            self._hold_ends = self._units[unit_names.HOLD_TIMER].since + self._settings.hold
        views = self._views(is_on_air=is_on_air)
        return Observed(
            now=now,
            publishers=publishers,
            unreachable=now - self._answered_at,
            is_heard=self._telemetry.source == "live",
            is_on_air=is_on_air,
            live_streams=frozenset(unit_names.stream_of(unit) for unit in live),
            is_hold_running=is_holding,
            is_opened=(self._operator / "open").exists(),
            fallback_for=self._telemetry.fallback_for,
            hold_left=0.0 if self._hold_ends is None else self._hold_ends - now,
            is_ended=(self._operator / "end").exists(),
            unheard_for=self._unheard_for(now),
            stuck_relays=tuple(view.name for view in views if view.is_stuck(self._settings.stall)),
        )

    def _unheard_for(self, now: float) -> float:
        """Return for how long a stream has been pulled of which nothing has ever reached the program."""
        if self._telemetry.source is None or self._telemetry.report.get("live", {}).get("connected"):
            return 0.0
        pulling = (one for unit, one in self._units.items() if unit_names.is_live_unit(unit))
        # Before it is active, its `since` is that of the time before.
        pulled = [now - one.since for one in pulling if one.active == "active"]
        return min(pulled, default=0.0)

    async def _act(self, decision: Decision) -> None:
        for action in decision.actions:
            try:
                await self._perform(action)
            except (RestreamError, OSError) as error:
                # The next tick sees what is missing and tries again.
                log.error("%s", error)

    async def _perform(self, action: Action) -> None:
        if isinstance(action, Drop):
            log.info("publisher %s is thrown out", action.publisher.client_id)
            await self._ingest.drop(action.publisher)
        elif isinstance(action, Unit):
            change = self._systemd.change
            units = (action.unit,)
            await asyncio.to_thread(change, action.verb, units, reason=action.reason, wait=False)
        elif isinstance(action, Kill):
            await asyncio.to_thread(self._systemd.kill, action.unit, reason=action.reason)
        else:
            for wish in ("open", "end"):
                (self._operator / wish).unlink(missing_ok=True)

    def _recall(self) -> Memory:
        """Return who was current before a restart; nobody if that cannot be read."""
        with suppress(OSError, ValueError, TypeError):
            values: dict[str, Any] = json.loads(self._memory_file.read_text())
            return Memory(current=Publisher(**values))
        return Memory()

    def _remember(self) -> None:
        """Write down who is current. A restarted agent that cannot read it asks the ingest server."""
        current = self._memory.current
        try:
            self._memory_file.write_text(json.dumps(asdict(current) if current else None))
        except OSError as error:
            log.error("%s: %s", self._memory_file, error.strerror)
