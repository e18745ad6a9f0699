"""Carries out what was decided, by asking the ingest server and systemd."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import assert_never

from restream_agent.agent.actions import Action, ChangeUnit, ClearOperatorRequests, DropPublisher, KillRelay
from restream_agent.agent.ingest_api import IngestServer
from restream_agent.base.errors import RestreamError, SlowCommandError
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd

log = logging.getLogger(__name__)

READY_WITHIN = 1.0
"""Seconds in which an awaited unit has to be ready. `live@` takes some 70 ms, most of them systemd's."""


@dataclass(frozen=True)
class Done:
    """The result of some actions: whether all succeeded, and what systemd said if it refused one, else ""."""

    is_complete: bool
    refusal: str


@dataclass
class _Begun:
    """An action that was begun before the decision; `is_stale` if it has to be done again."""

    action: Action
    task: asyncio.Task[None]
    is_stale: bool = False


class Actor:
    """Asks the ingest server and systemd for actions, one after another."""

    def __init__(
        self,
        ingest: IngestServer,
        systemd: Systemd,
        operator: Path,
        is_configured: Callable[[], bool] = lambda: True,
    ) -> None:
        """`operator` is the directory of the operator's requests; `is_configured` as in `Surroundings`."""
        self._ingest = ingest
        self._systemd = systemd
        self._operator = operator
        self._is_configured = is_configured
        self._begun: _Begun | None = None

    def begin(self, action: ChangeUnit | None) -> None:
        """Begin an action before the decision that will have it: `act` then waits for it."""
        self._begun = None
        if action is not None:
            task = asyncio.create_task(self._perform(action))
            # A decision without the action asks for no result.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._begun = _Begun(action, task)

    async def settle(self) -> None:
        """Wait for what was begun in vain: the next event finds it done."""
        if self._begun is not None:
            await asyncio.wait({self._begun.task})
            self._begun = None

    async def act(self, actions: Iterable[Action], on_awaited: Callable[[], None] = lambda: None) -> Done:
        """Carry out actions; call `on_awaited` after the one that is awaited, whether it succeeded or not.

        An action that fails is logged, and the next one follows.
        """
        is_complete, refusal = True, ""
        for action in actions:
            try:
                await self._begun_or_performed(action)
            except SlowCommandError as error:
                log.warning("%s", error)
                is_complete = False
            except (RestreamError, OSError) as error:
                log.error("%s", error)
                is_complete = False
                if isinstance(action, ChangeUnit):
                    refusal = str(error)
            if isinstance(action, ChangeUnit) and action.is_awaited:
                on_awaited()
        return Done(is_complete, refusal)

    async def _begun_or_performed(self, action: Action) -> None:
        begun = self._begun
        if begun is not None and isinstance(action, DropPublisher):
            # A player that was begun plays the stream of the dropped publisher.
            begun.is_stale = True
        if begun is None or begun.action != action:
            await self._perform(action)
        elif begun.is_stale:
            await self.settle()
            await self._perform(action)
        else:
            self._begun = None
            await begun.task

    async def _perform(self, action: Action) -> None:
        if isinstance(action, ChangeUnit) and not self._is_configured():
            # An apply stops the units, whose files are gone. Another start of live@es would be one of main's
            # template, and would play es to the platforms of main.
            return
        match action:
            case DropPublisher(publisher, reason):
                log.info("publisher %s is dropped: %s", publisher.client_id, reason)
                await self._ingest.drop(publisher)
            case ChangeUnit(verb, unit, reason, is_awaited=True):
                change = partial(self._systemd.change, within=READY_WITHIN)
                await asyncio.to_thread(change, verb, (unit,), reason=reason)
            case ChangeUnit(verb, unit, reason):
                # A start that comes late, when the broadcast is ending already, must not cancel its end.
                change = partial(self._systemd.change, wait=False, yields=verb == "start")
                await asyncio.to_thread(change, verb, (unit,), reason=reason)
            case KillRelay(unit, reason):
                await asyncio.to_thread(self._systemd.kill, unit, reason=reason)
            case ClearOperatorRequests():
                await self._clear_operator_requests()
            case _:
                assert_never(action)

    async def _clear_operator_requests(self) -> None:
        """Have root clear the operator's requests: the directory is root's, so the agent may not."""
        if any((self._operator / request).exists() for request in ("open", "end")):
            unit, reason = unit_names.FORGET_UNIT, "a publisher is connected"
            await asyncio.to_thread(self._systemd.change, "start", (unit,), reason=reason, wait=False)
