"""`restream-agent run`: the agent as a service, from its sockets to a clean stop."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import sdnotify
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from restream_agent import hooks, ingest, names, paths
from restream_agent.agent import Agent, AgentSettings
from restream_agent.errors import CommandError, RestreamError
from restream_agent.notify import inherited, watchdog_interval
from restream_agent.systemd import Systemd
from restream_agent.telemetry import Telemetry
from restream_agent.watch import watch

log = logging.getLogger(__name__)

_RECONCILE_EVERY = 5.0
"""Seconds. A lost hook is made good after at most this."""

_LOOK_AGAIN = 1.5
"""Seconds after a publish: it may have come while the broadcast was just being ended."""

_EDIT_SETTLES = 1.0
"""Seconds to wait after the TOML was written, since editors and git write it more than once."""

_SHUTDOWN = 2
"""Seconds that hooks in flight may take at a stop; the unit's TimeoutStopSec= is longer."""


def read_door(credentials: Path, *, takes_any_key: bool) -> hooks.Door:
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
    return hooks.Door(token=token, key=key)


def take_sockets() -> tuple[socket.socket, socket.socket]:
    """Return the hook listener and the telemetry socket that systemd passed."""
    found = {one.type: one for _, one in inherited()}
    if set(found) != {socket.SOCK_STREAM, socket.SOCK_DGRAM}:
        raise RestreamError(
            "no sockets were passed by systemd",
            hint="start the agent with: systemctl start restream-agent.service",
        )
    for one in found.values():
        one.setblocking(False)
    return found[socket.SOCK_STREAM], found[socket.SOCK_DGRAM]


def run() -> None:
    """Serve until SIGTERM; RestreamError if that cannot begin."""
    try:
        settings = AgentSettings.read(Path(paths.AGENT_SETTINGS))
    except (OSError, ValueError, TypeError) as error:
        raise RestreamError(f"{paths.AGENT_SETTINGS}: {error}", hint="restream-agent apply") from error
    credentials = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"))
    door = read_door(credentials, takes_any_key=settings.takes_any_key)
    listener, datagrams = take_sockets()
    asyncio.run(_Daemon(settings, door, datagrams).serve(listener))


class _Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, for requests that go bad after their head."""

    def send_400_response(self, msg: str) -> None:
        """Answer what has no head; hang up on the rest, whose answers uvicorn 0.54 trips over."""
        if self.cycle is None:
            super().send_400_response(msg)
        else:
            self.cycle.disconnected = True
            self.transport.close()


class _Daemon:
    def __init__(self, settings: AgentSettings, door: hooks.Door, datagrams: socket.socket) -> None:
        self._settings = settings
        self._datagrams = datagrams
        self._telemetry = Telemetry()
        self._systemd = Systemd()
        server = ingest.connect(settings.server, settings.api)
        runtime = Path(os.environ["RUNTIME_DIRECTORY"])
        self._agent = Agent(settings, server, self._systemd, self._telemetry, runtime)
        self._notifier = sdnotify.SystemdNotifier()
        self._is_ready = False
        handlers = hooks.Handlers(
            publish=self._agent.publish,
            unpublish=self._agent.unpublish,
            status=self._fresh_status,
            is_healthy=lambda: self._is_ready,
        )
        config = uvicorn.Config(
            hooks.application(door, handlers),
            http=_Protocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=_SHUTDOWN,
        )
        self._server = uvicorn.Server(config)

    async def serve(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._datagrams, self._telemetry.receive, self._datagrams)
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
            await self._server.serve(sockets=[listener])
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
        """Keep what `systemctl status` shows at most a second old."""
        words = ""
        while True:
            await asyncio.sleep(1.0)
            new = self._agent.status().words()
            if new != words and self._is_ready:
                words = new
                await _logged(self._agent.refresh)
                self._notifier.notify(f"STATUS={self._agent.status().words()}")

    async def _apply_edits(self, edited: asyncio.Event) -> None:
        if _is_newer(self._settings.source, paths.MANIFEST):
            edited.set()  # it was edited while nobody looked
        while True:
            await edited.wait()
            await asyncio.sleep(_EDIT_SETTLES)
            edited.clear()
            with suppress(CommandError):
                start = self._systemd.change
                reason = f"{self._settings.source} was edited"
                await asyncio.to_thread(start, "start", (names.APPLY_UNIT,), reason=reason, wait=False)


def _is_newer(edited: str, applied: str) -> bool:
    """Whether a file has changed since another was written; not if either cannot be looked at."""
    with suppress(OSError):
        return Path(edited).stat().st_mtime > Path(applied).stat().st_mtime
    return False


async def _logged(step: Callable[[], object]) -> None:
    """Run a step of the loop; an error in it is logged and the loop goes on."""
    try:
        await step()  # type: ignore[misc]
    except RestreamError as error:
        log.error("%s", error.message)
