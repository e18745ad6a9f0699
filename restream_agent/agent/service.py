"""`restream-agent run`: the agent as a service, from startup through its main loop to its shutdown."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from watchdog.observers.api import BaseObserver

from restream_agent.agent import http, ingest_api
from restream_agent.agent.agent import Agent
from restream_agent.agent.credentials import HookCredentials, read_credentials
from restream_agent.agent.edit_applier import EditApplier
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.agent.http_server import http_server
from restream_agent.agent.metrics import exposition
from restream_agent.agent.news_sender import NewsSender
from restream_agent.agent.refusals import Refusals
from restream_agent.agent.sockets import AgentSockets, take_sockets
from restream_agent.agent.stream_keeper import StreamKeeper
from restream_agent.agent.systemd_reports import SystemdReports
from restream_agent.agent.telemetry import Telemetry, discard
from restream_agent.agent.toml_watcher import watch
from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire import records
from restream_agent.wire.settings import AgentSettings

log = logging.getLogger(__name__)

_TICK_EVERY = 5.0
"""Seconds. The effects of a lost hook are corrected after at most this time."""

_LOOK_AGAIN = 1.5
"""Seconds after a publish: it may have arrived while the broadcast was being ended."""

_EDIT_SETTLES = 1.0
"""Seconds to wait after the TOML was written, because editors and git write it more than once."""

_STALE = 3 * _TICK_EVERY
"""Seconds without a look at systemd, after which /healthz reports a problem."""

_ANNOUNCE_EVERY = 1.0
"""Seconds between two looks for a new status and for news."""


def run() -> None:
    """Serve until SIGTERM; RestreamError if settings, credentials or sockets are missing."""
    try:
        settings = records.parse(AgentSettings, Path(paths.AGENT_SETTINGS).read_text())
    except (OSError, ValueError, TypeError) as error:
        raise RestreamError(f"{paths.AGENT_SETTINGS}: {error}", hint="restream-agent apply") from error
    if "CREDENTIALS_DIRECTORY" not in os.environ:
        raise RestreamError(
            "the agent runs as a service, which gives it its secrets and sockets",
            hint="systemctl restart restream-agent",
        )
    directory = Path(os.environ["CREDENTIALS_DIRECTORY"])
    credentials = read_credentials(directory, takes_any_key=settings.takes_any_key)
    runtime = Path(os.environ["RUNTIME_DIRECTORY"])
    service = AgentService(settings, credentials, take_sockets(), Systemd(), runtime)
    asyncio.run(service.serve())


class AgentService:
    """The agent with its HTTP server, its sockets and its endless tasks."""

    def __init__(
        self,
        settings: AgentSettings,
        credentials: HookCredentials,
        sockets: AgentSockets,
        systemd: Systemd,
        runtime: Path,
    ) -> None:
        """`runtime` is the unit's runtime directory."""
        self._settings = settings
        self._sockets = sockets
        self._runtime = runtime
        self._systemd = systemd
        self._reports = SystemdReports()
        self._telemetry = Telemetry({sender: relay for relay, sender in settings.relays.items()})
        ingest = ingest_api.connect(settings.server, settings.api)
        address = settings.rtmp if settings.server == "srs" else ""
        self._keeper = StreamKeeper(address, runtime / "stream")
        refusals = Refusals()
        self._agent = Agent(
            settings, ingest, systemd, self._telemetry, runtime, keeper=self._keeper, refusals=refusals
        )
        metrics = exposition(self._agent.status)
        handlers = http.Handlers(
            publish=self._agent.publish,
            unpublish=self._agent.unpublish,
            status=self._fresh_status,
            problems=self._problems,
            metrics=lambda: metrics() if self._reports.is_ready else b"",
            refused=refusals.note,
        )
        self._server = http_server(http.application(credentials, handlers))
        self._edited = asyncio.Event()
        self._watcher: BaseObserver
        self._tasks: list[asyncio.Task[None]] = []

    async def serve(self) -> None:
        """Serve until SIGTERM, or until one of the endless tasks ends: systemd then restarts the agent."""
        self._startup()
        try:
            await self._main_loop()
        finally:
            self._shutdown()

    def _startup(self) -> None:
        """Read the sockets, watch the TOML, and begin the endless tasks."""
        loop, sockets = asyncio.get_running_loop(), self._sockets
        # Reports that waited while no agent ran describe the past.
        discard(sockets.program)
        discard(sockets.progress)
        loop.add_reader(sockets.program, self._telemetry.receive, sockets.program)
        loop.add_reader(sockets.progress, self._telemetry.receive_progress, sockets.progress)

        def note_edit() -> None:
            loop.call_soon_threadsafe(self._edited.set)

        self._watcher = watch(Path(self._settings.source), note_edit)
        endless = (
            self._tick(),
            self._apply_edits(),
            self._reports.feed_watchdog(),
            self._announce(),
            self._keeper.run(),
        )
        # Kept in a list because asyncio holds only weak references to its tasks.
        self._tasks = [asyncio.create_task(step) for step in endless]
        for task in self._tasks:
            task.add_done_callback(lambda _: self.stop())

    async def _main_loop(self) -> None:
        """Serve HTTP until the server ends; raise the error of an endless task that has ended."""
        await self._server.serve(sockets=[self._sockets.hooks])
        for task in self._tasks:
            if task.done():
                task.result()

    def _shutdown(self) -> None:
        self._reports.stopping()
        self._watcher.stop()
        for task in self._tasks:
            task.cancel()

    def stop(self) -> None:
        """Have `serve` end, as SIGTERM does."""
        self._server.should_exit = True

    def _problems(self) -> tuple[str, ...]:
        if not self._reports.is_ready:
            return ("not ready",)
        age = self._agent.looked_ago()
        stale = (f"the last look at systemd was {age:.0f} s ago",) if age > _STALE else ()
        return (*stale, *self._agent.status().problems())

    async def _fresh_status(self) -> dict[str, object]:
        await _logged(self._agent.refresh)
        return self._agent.status().as_json()

    async def _tick(self) -> None:
        """Have the agent check the situation for ever: regularly, and once more after a publish."""
        while True:
            await _logged(self._agent.tick)
            self._reports.ready()
            self._reports.status(self._agent.status().words())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._agent.look_again.wait(), _TICK_EVERY)
                await asyncio.sleep(_LOOK_AGAIN)
            self._agent.look_again.clear()

    async def _announce(self) -> None:
        """Report a changed status to systemd within a second, and send news, for ever."""
        summary, news = "", NewsSender(self._runtime, has_notifier=self._settings.notifies)
        while True:
            await asyncio.sleep(_ANNOUNCE_EVERY)
            if not self._reports.is_ready:
                continue
            status = self._agent.status()
            if status.summary != summary:
                summary = status.summary
                await _logged(self._agent.refresh)
                status = self._agent.status()
            self._reports.status(status.words())
            news.look(status)
            if self._agent.has_new_shape:
                self._agent.look_again.set()

    async def _apply_edits(self) -> None:
        """Apply edits of the TOML for ever: at once, and later those that the watcher missed."""
        source = self._settings.source
        # An apply of this boot has left its lock. It is still running, or its unit has failed.
        is_interrupted = Path(paths.UNFINISHED).exists() and not Path(paths.LOCK).exists()
        record = self._runtime / "tried-edit"
        edits = EditTracker(Path(source), Path(paths.MANIFEST), record, is_interrupted=is_interrupted)
        applier = EditApplier(source, edits, self._systemd)
        while True:
            await asyncio.sleep(_EDIT_SETTLES)
            self._edited.clear()
            await _logged(applier.apply_pending)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._edited.wait(), _TICK_EVERY)


async def _logged(step: Callable[[], Awaitable[None]]) -> None:
    """Run one step of an endless task; its RestreamError is logged and the task goes on."""
    try:
        await step()
    except RestreamError as error:
        log.error("%s", error.message)
