"""The agent: observes, decides and acts, one event at a time."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from restream_agent.agent import codecs
from restream_agent.agent.actions import ChangeUnit, DropPublisher
from restream_agent.agent.actor import Actor
from restream_agent.agent.decide import (
    GRACE,
    AgentEvent,
    Decision,
    PublishRequest,
    Rules,
    Tick,
    UnpublishNotice,
    beforehand,
    decide,
)
from restream_agent.agent.hook_formats import Hook
from restream_agent.agent.ingest_api import IngestServer
from restream_agent.agent.joint_look import JointLook
from restream_agent.agent.memory_file import MemoryFile
from restream_agent.agent.observer import Observation, Observer, Surroundings
from restream_agent.agent.port_probe import PortProbe
from restream_agent.agent.refusals import Refusals
from restream_agent.agent.shared_look import SharedLook
from restream_agent.agent.situation import Situation
from restream_agent.agent.status import Status
from restream_agent.agent.stream_keeper import StreamKeeper
from restream_agent.agent.telemetry import Telemetry
from restream_agent.base.errors import RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire.settings import AgentSettings

log = logging.getLogger(__name__)

_SOON_TRIES = 4  # failed tries of the public port, after each of which the next tick comes soon

MOST_ARRIVING = 8
"""Publishes with a valid key that may wait for their turn. Each takes some 100 ms, 1 s if `live@` is late.
nginx-rtmp waits 10 s for an answer, and an unpublish or a tick behind them must not wait longer."""

ANSWERED_WITHIN = 1.0  # seconds that a publish waits for `live@`; SRS takes up to 30, nginx-rtmp up to 10


class _Rest(NamedTuple):
    """What is left of a turn. `is_played` is set once `live@` plays the stream, or nothing does."""

    task: asyncio.Task[None]
    is_played: asyncio.Event


class Agent:
    """Turns hooks and ticks into requests to systemd and to the ingest server."""

    _systemd_refusal = ""

    def __init__(
        self,
        settings: AgentSettings,
        ingest: IngestServer,
        systemd: Systemd,
        telemetry: Telemetry,
        runtime: Path,
        *,
        joint: JointLook,
        keeper: StreamKeeper,
        refusals: Refusals,
        surroundings: Surroundings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._settings = clock, settings
        self._rules = Rules(settings.hold, settings.silence, settings.standby)
        self._ingest, self._telemetry, self._joint = ingest, telemetry, joint
        self._keeper, self._refusals = keeper, refusals
        self._observer = Observer(
            ingest,
            systemd,
            telemetry,
            PortProbe(settings.rtmp if surroundings.watches_server else ""),
            surroundings,
            joint=joint,
            relays=tuple(settings.relays),
            hold=settings.hold,
            stall=settings.stall,
            shape=partial(codecs.shape, obstacles=settings.obstacles, is_whole=settings.matches_live),
            clock=clock,
        )
        self._actor = Actor(ingest, systemd, surroundings.operator, surroundings.is_configured)
        self._memory_file = MemoryFile(runtime / "memory.json")
        self._memory = self._memory_file.load()
        self._turn, self.look_again = asyncio.Lock(), asyncio.Event()
        self._arriving, self._leaving = Counter[str](), set[str]()
        self._shared_look = SharedLook(self._turn, partial(self._observe, is_joint=True), joint, clock)
        self._observation = Observation(Situation(now=clock(), publishers=None))

    async def publish(self, hook: Hook) -> str:
        """Handle `on_publish` with a valid key; return the reason for refusing it, or "" to accept it.

        The answer waits until other publishers are disconnected, because the server then has room for this
        one. It also waits until `live@` plays the stream, because otherwise the first picture passes before
        `live@` is there; but not longer than ANSWERED_WITHIN, since systemd can take seconds on a busy
        machine.
        """
        if self._arriving.total() >= MOST_ARRIVING:
            return "too many publishers arrive at once"
        client = hook.publisher.client_id
        self._arriving[client] += 1
        # SRS has a new source for a new name now, and forgets it soon unless somebody plays it.
        self._keeper.follow(hook.publisher.stream, is_published=False)
        try:
            decision, rest = await self._begin(PublishRequest(hook.publisher))
        finally:
            self._arriving -= Counter((client,))
        if decision.refusal:
            return decision.refusal
        self.look_again.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(rest.is_played.wait(), ANSWERED_WITHIN)
        log.info("publisher %s from %s accepted", hook.publisher.stream, hook.publisher.address)
        return ""

    async def unpublish(self, hook: Hook) -> None:
        """Handle `on_unpublish`; one of a client that is not the current publisher costs nothing.

        nginx-rtmp sends it for refused publishers too, so anyone can cause as many as they like. If the agent
        knows no publisher, as after a restart, a tick asks the server.

        For the current publisher the ingest server first ends the puller's stream, so that the program falls
        back at once: systemd, which stops the puller, can be busy with itself for a second (daemon-reexec).
        """
        current, client = self._memory.current, hook.publisher.client_id
        is_current = current is not None and current.client_id == client
        if not is_current and client not in self._arriving:
            if current is None and self._observation.situation.is_on_air:
                self.look_again.set()
            return
        if client in self._leaving:
            return
        self._leaving.add(client)
        try:
            if is_current:
                with suppress(RestreamError):
                    await self._ingest.cut(hook.publisher.stream)
            await self._handle(UnpublishNotice(hook.publisher))
            self.recheck_port()
        finally:
            self._leaving.discard(client)

    def recheck_port(self) -> None:
        """Look again soon if the port is dead: the next publisher cannot connect before it is restarted."""
        if self._observer.port.is_dead:
            self.look_again.set()

    @property
    def is_used(self) -> bool:
        """Whether somebody publishes to this channel, or was accepted just before."""
        since = self._clock() - self._memory.accepted_at
        return self._telemetry.is_heard or self._arriving.total() > 0 or since < GRACE

    async def tick(self) -> None:
        """Check the situation and correct it; RestreamError if systemd does not answer.

        A port that fails is tried again soon, and so is one whose server was restarted. The next look is also
        soon as long as our server has to be restarted and nobody publishes.
        """
        port = self._observer.port
        await port.attempt()
        if 0 < port.failures <= _SOON_TRIES:
            self.look_again.set()
        await self._joint.meet()
        await self._handle(Tick())
        is_free = self._memory.current is None and not self._observer.surroundings.is_used_elsewhere()
        if self._observation.situation.ingest.needs_restart and is_free:
            self.look_again.set()

    def status(self) -> Status:
        """Return the status as of the last look at systemd and the server, and of the last reports."""
        observation, telemetry = self._observation, self._telemetry
        situation, ends_at = observation.situation, observation.hold_ends_at
        return Status(
            situation=situation,
            publisher=self._memory.current,
            relays=self._observer.relay_views(observation.units, is_on_air=situation.is_on_air),
            program=telemetry.fresh_report,
            hold_left=None if ends_at is None else max(0.0, ends_at - self._clock()),
            refused=observation.failed_apply,
            edit=observation.edit,
            commit=observation.commit,
            is_unprepared=observation.unit(unit_names.PREPARE_UNIT).active == "failed",
            systemd_refusal=self._systemd_refusal,
            refusal=self._refusals.report(),
            refused_words=observation.unit(unit_names.APPLY_UNIT).words,
            off_air_for=self._since(observation.unit(unit_names.TARGET).ended),
            on_air_for=self._since(observation.unit(unit_names.TARGET).since),
            failed_units=observation.failed_helpers,
            listen=self._settings.listen,
            credentials=self._settings.credentials,
            obstacles=self._settings.obstacles,
            is_watching=self._settings.watch,
            channel=self._observer.surroundings.channel,
        )

    @property
    def has_new_shape(self) -> bool:
        """Whether the program sees another shape of the publisher's stream than the last look did."""
        return self._observer.stream_shape not in ("", self._observation.situation.shape)

    def _since(self, moment: float) -> float | None:
        return self._clock() - moment if moment else None

    def looked_ago(self) -> float:
        """Return how many seconds ago the agent last looked at systemd."""
        return self._clock() - self._observation.situation.now

    async def refresh(self) -> None:
        """Look again without a decision; what is seen is never older than the request."""
        await self._shared_look.request()

    async def _handle(self, event: AgentEvent) -> None:
        _, rest = await self._begin(event)
        await asyncio.shield(rest.task)

    async def _begin(self, event: AgentEvent) -> tuple[Decision, "_Rest"]:
        """Look, decide, do what concerns the server, and begin the rest, with which the turn ends."""
        await self._turn.acquire()
        try:
            begun = beforehand(self._memory, self._observation.situation, event)
            self._actor.begin(begun)
            if begun is None:
                await self._look(event)
            else:  # systemd is busy with what was begun, and an answer waits
                self._observation = await self._observer.observe_server(self._observation.units)
            decision = decide(self._rules, self._memory, self._observation.situation, event)
            if decision.memory != self._memory:
                self._memory = decision.memory
                self._memory_file.save(self._memory)
            self._keeper.look(decision.memory.current, self._observation.situation.publishers or ())
            if self._observation.situation.is_ending:
                self.look_again.set()
            await self._actor.act(action for action in decision.actions if isinstance(action, DropPublisher))
        except BaseException:
            self._turn.release()
            raise
        is_played = asyncio.Event()
        self._rest = asyncio.create_task(self._finish(decision, event, is_played, begun))
        return decision, _Rest(self._rest, is_played)

    async def _finish(
        self, decision: Decision, event: AgentEvent, is_played: asyncio.Event, begun: ChangeUnit | None
    ) -> None:
        try:
            rest = (action for action in decision.actions if not isinstance(action, DropPublisher))
            done = await self._actor.act(rest, on_awaited=is_played.set)
            is_played.set()
            await self._actor.settle()
            if decision.actions:
                with suppress(RestreamError):
                    await self._observe(is_joint=False)
            if begun is not None and not self._observation.situation.is_on_air:
                # The broadcast had ended before the publisher came, who begins another.
                again = decide(self._rules, self._memory, self._observation.situation, event)
                done = await self._actor.act(again.actions)
            if decision.actions or isinstance(event, Tick):
                self._systemd_refusal = done.refusal
            if not done.is_complete:  # the next tick sees what is missing and tries again
                self.look_again.set()
        finally:
            self._turn.release()

    async def _observe(self, *, is_joint: bool) -> None:
        self._observation = await self._observer.observe(is_joint=is_joint)

    async def _look(self, event: AgentEvent) -> None:
        """Look before a decision; RestreamError if systemd does not answer and the event is a tick.

        A hook is answered even then: the next tick corrects what is wrong.
        """
        try:
            if isinstance(event, Tick):
                self._observation = await self._observer.observe_for_tick(self._observation)
            else:
                await self._observe(is_joint=False)
        except RestreamError as error:
            if isinstance(event, Tick):
                raise
            log.error("%s", error.message)
            situation = replace(self._observation.situation, now=self._clock(), publishers=None)
            self._observation = replace(self._observation, situation=situation)
            self.look_again.set()
