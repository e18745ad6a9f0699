"""`restream-agent run`: the agent as a service, from its sockets to a clean stop."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sdnotify
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from restream_agent.agent import http, ingest_api
from restream_agent.agent.agent import Agent
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.agent.metrics import exposition
from restream_agent.agent.news_sender import NewsSender
from restream_agent.agent.telemetry import Telemetry, discard
from restream_agent.agent.toml_watcher import watch
from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.sd_notify import inherited, watchdog_interval
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire import records
from restream_agent.wire.settings import AgentSettings

log = logging.getLogger(__name__)

_RECONCILE_EVERY = 5.0
"""Seconds. A lost hook is made good after at most this."""

_LOOK_AGAIN = 1.5
"""Seconds after a publish: it may have come while the broadcast was just being ended."""

_EDIT_SETTLES = 1.0
"""Seconds to wait after the TOML was written, since editors and git write it more than once."""

_LOOKS_MISSED = 3 * _RECONCILE_EVERY
"""Seconds after which it counts as a failure that systemd was not looked at."""

_FIRST_REQUEST = 0.3
"""Seconds that a connection has for its first request when we are asked to stop: on loopback it follows at
once. A hook that is lost is a publisher that is refused."""

_SHUTDOWN = 10
"""Seconds that hooks in flight may take at a stop, which on a busy machine ask systemd slowly; one that is
cut off is a publisher that is refused. The unit's TimeoutStopSec= is longer."""


def read_door(credentials: Path, *, takes_any_key: bool) -> http.Door:
    """Return the token and the key that systemd has put into the credentials directory."""
    try:
        token = (credentials / "hook-token").read_text().strip()
        key = None if takes_any_key else (credentials / "ingest-key").read_text().strip()
    except OSError as error:
        raise RestreamError(
            f"{error.filename}: {error.strerror}",
            hint="the agent is started by restream-agent.service, which `restream-agent apply` installs",
        ) from error
    if not token or key == "":
        raise RestreamError("the hook token or the ingest key is empty", hint="restream-agent apply")
    return http.Door(token=token, key=key)


@dataclass(frozen=True)
class Sockets:
    """What systemd passes: where hooks, the program's reports and those of the relays' ffmpegs arrive."""

    hooks: socket.socket
    program: socket.socket
    progress: socket.socket


def take_sockets() -> Sockets:
    """Return the sockets that systemd passed; RestreamError if they are not there."""
    found = {(one.family, one.type): one for _, one in inherited()}
    kinds = (
        (socket.AF_INET, socket.SOCK_STREAM),
        (socket.AF_UNIX, socket.SOCK_DGRAM),
        (socket.AF_INET, socket.SOCK_DGRAM),
    )
    if set(found) != set(kinds):
        raise RestreamError(
            "no sockets were passed by systemd",
            hint="start the agent with: systemctl restart restream-agent.socket restream-agent.service",
        )
    for one in found.values():
        one.setblocking(False)
    return Sockets(*(found[kind] for kind in kinds))


def run() -> None:
    """Serve until SIGTERM; RestreamError if that cannot begin."""
    try:
        settings = records.parse(AgentSettings, Path(paths.AGENT_SETTINGS).read_text())
    except (OSError, ValueError, TypeError) as error:
        raise RestreamError(f"{paths.AGENT_SETTINGS}: {error}", hint="restream-agent apply") from error
    credentials = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"))
    door = read_door(credentials, takes_any_key=settings.takes_any_key)
    asyncio.run(_Daemon(settings, door, take_sockets()).serve())


class _Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, for requests that go bad after their head, and for restarts."""

    def shutdown(self) -> None:
        """End idle connections, but leave one that has only just come the time to bring its hook."""
        if self.cycle is None:
            self.loop.call_later(_FIRST_REQUEST, super().shutdown)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answer what has no head; hang up on the rest, whose answers uvicorn 0.54 trips over."""
        if self.cycle is None:
            super().send_400_response(msg)
        else:
            self.cycle.disconnected = True
            self.transport.close()


class _Daemon:
    def __init__(self, settings: AgentSettings, door: http.Door, sockets: Sockets) -> None:
        self._settings = settings
        self._sockets = sockets
        self._telemetry = Telemetry({sender: relay for relay, sender in settings.relays.items()})
        self._systemd = Systemd()
        server = ingest_api.connect(settings.server, settings.api)
        self._runtime = Path(os.environ["RUNTIME_DIRECTORY"])
        self._agent = Agent(settings, server, self._systemd, self._telemetry, self._runtime)
        self._notifier = sdnotify.SystemdNotifier()
        self._is_ready = False
        metrics = exposition(self._agent.status)
        handlers = http.Handlers(
            publish=self._agent.publish,
            unpublish=self._agent.unpublish,
            status=self._fresh_status,
            problems=self._problems,
            metrics=lambda: metrics() if self._is_ready else b"",
        )
        config = uvicorn.Config(
            http.application(door, handlers),
            http=_Protocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=_SHUTDOWN,
        )
        self._server = uvicorn.Server(config)

    async def serve(self) -> None:
        loop, sockets = asyncio.get_running_loop(), self._sockets
        # What waited while no agent ran says how things were.
        discard(sockets.program)
        discard(sockets.progress)
        loop.add_reader(sockets.program, self._telemetry.receive, sockets.program)
        loop.add_reader(sockets.progress, self._telemetry.receive_progress, sockets.progress)
        edited = asyncio.Event()

        def notice() -> None:
            loop.call_soon_threadsafe(edited.set)

        observer = watch(Path(self._settings.source), notice)
        # Each is kept in a variable: asyncio holds only weak references to its tasks.
        endless = (self._reconcile(), self._apply_edits(edited), self._watchdog(), self._announce())
        tasks = [asyncio.create_task(one) for one in endless]
        for task in tasks:
            task.add_done_callback(self._give_up)
        try:
            await self._server.serve(sockets=[sockets.hooks])
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            self._notifier.notify("STOPPING=1")
            observer.stop()
            for task in tasks:
                task.cancel()

    def _give_up(self, _: object) -> None:
        """End the process when one of its endless tasks has: systemd starts it anew, whole."""
        self._server.should_exit = True

    def _problems(self) -> tuple[str, ...]:
        if not self._is_ready:
            return ("not ready",)
        age = self._agent.looked_ago()
        stale = (f"the last look at systemd was {age:.0f} s ago",) if age > _LOOKS_MISSED else ()
        return (*stale, *self._agent.status().problems())

    async def _fresh_status(self) -> dict[str, object]:
        await _logged(self._agent.refresh)
        return self._agent.status().as_json()

    async def _reconcile(self) -> None:
        while True:
            await _logged(self._agent.tick)
            if not self._is_ready:
                self._is_ready = True
                self._notifier.notify("READY=1")
            self._notifier.notify(f"STATUS={self._agent.status().words()}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._agent.look_again.wait(), _RECONCILE_EVERY)
                await asyncio.sleep(_LOOK_AGAIN)
            self._agent.look_again.clear()

    async def _watchdog(self) -> None:
        """Say that the event loop turns; it does so even while systemd takes its time to answer us."""
        interval = watchdog_interval() or 10.0
        while True:
            self._notifier.notify("WATCHDOG=1")
            await asyncio.sleep(interval)

    async def _announce(self) -> None:
        """Keep what `systemctl status` shows at most a second old, and tell what is new."""
        summary, telling = "", NewsSender(self._runtime, has_notifier=self._settings.notifies)
        while True:
            await asyncio.sleep(1.0)
            if not self._is_ready:
                continue
            status = self._agent.status()
            if status.summary != summary:
                summary = status.summary
                await _logged(self._agent.refresh)
                status = self._agent.status()
            self._notifier.notify(f"STATUS={status.words()}")
            telling.look(status)

    async def _apply_edits(self, edited: asyncio.Event) -> None:
        """Have edits applied: when they are seen, and those that nobody saw or that came during an apply."""
        edits = EditTracker(Path(self._settings.source), Path(paths.MANIFEST), self._runtime / "tried-edit")
        while True:
            await asyncio.sleep(_EDIT_SETTLES)
            edited.clear()
            await _logged(partial(self._apply, edits))
            with suppress(TimeoutError):
                await asyncio.wait_for(edited.wait(), _RECONCILE_EVERY)

    async def _apply(self, edits: EditTracker) -> None:
        state = edits.pending()
        if state is None:
            return
        active = await asyncio.to_thread(self._systemd.active, unit_names.APPLY_UNIT)
        if active.get(unit_names.APPLY_UNIT) == "activating":
            return  # it may have read the TOML before; asked to start, systemd would do nothing
        reason = f"{self._settings.source} was edited"
        start = partial(self._systemd.change, "start", (unit_names.APPLY_UNIT,), reason=reason, wait=False)
        await asyncio.to_thread(start)
        edits.note(state)


async def _logged(step: Callable[[], object]) -> None:
    """Run a step of the loop; an error in it is logged and the loop goes on."""
    try:
        await step()  # type: ignore[misc]
    except RestreamError as error:
        log.error("%s", error.message)
