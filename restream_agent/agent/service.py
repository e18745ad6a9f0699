"""`restream-agent run`: the agent as a service, from startup through its main loop to its shutdown."""

import asyncio
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from restream_agent.agent import http, ingest_api
from restream_agent.agent.channel_agent import ChannelAgent, SharedParts
from restream_agent.agent.channel_ingest import Strays
from restream_agent.agent.channel_settings import read_settings
from restream_agent.agent.credentials import HookCredentials, read_credentials
from restream_agent.agent.edit_applier import EditApplier
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.agent.edit_watch import EditWatch, WatchPace
from restream_agent.agent.http_server import http_server
from restream_agent.agent.joint_look import JointLook
from restream_agent.agent.sockets import AgentSockets, take_sockets
from restream_agent.agent.status import Status
from restream_agent.agent.switchboard import Switchboard, others_are_used
from restream_agent.agent.systemd_reports import SystemdReports
from restream_agent.agent.telemetry import discard, receive_progress
from restream_agent.base import paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.base.files import is_applying
from restream_agent.base.process import run as run_program
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.remembered_units import RememberedUnits
from restream_agent.systemd.systemctl import Runner, Systemd, UnitLook
from restream_agent.wire.settings import AgentSettings

log = logging.getLogger(__name__)

_TICK_EVERY = 5.0
"""Seconds. The effects of a lost hook are corrected after at most this time."""

_LOOK_AGAIN = 1.5
"""Seconds after a publish: it may have arrived while the broadcast was being ended."""

_READY_WITHIN = 10.0
"""Seconds after which a channel whose first tick waits for systemd holds up the others no more."""

_STALE = 3 * _TICK_EVERY
"""Seconds without a look at systemd, after which /healthz reports a problem."""

_ANNOUNCE_EVERY = 1.0
"""Seconds between two looks for a new status and for news."""

_MOST_WORKERS = 50
"""Threads, each of which waits for a systemctl: TasksMax=128 of the unit counts both."""


def run() -> None:
    """Serve until SIGTERM; RestreamError if settings, credentials or sockets are missing."""
    settings = read_settings(Path("/"))
    if "CREDENTIALS_DIRECTORY" not in os.environ:
        raise RestreamError(
            "the agent runs as a service, which gives it its secrets and sockets",
            hint="systemctl restart restream-agent",
        )
    directory = Path(os.environ["CREDENTIALS_DIRECTORY"])
    main, *others = settings.items()
    names = tuple(channel.name for channel, _ in others)
    credentials = read_credentials(directory, takes_any_key=main[1].takes_any_key, others=names)
    runtime = Path(os.environ["RUNTIME_DIRECTORY"])
    look = RememberedUnits(run_program)
    service = AgentService(settings, credentials, take_sockets(names), run_program, runtime, look=look)
    asyncio.run(service.serve())


class AgentService:
    """The agents of all channels with their HTTP server, their sockets and their endless tasks."""

    def __init__(
        self,
        settings: Mapping[Channel, AgentSettings],
        credentials: HookCredentials,
        sockets: AgentSockets,
        runner: Runner,
        runtime: Path,
        *,
        look: UnitLook | None = None,
    ) -> None:
        """`runtime` is the unit's runtime directory; `settings` has `main` first; `look` reads units."""
        self._sockets = sockets
        self._runtime, self._runner = runtime, runner
        self._reports = SystemdReports()
        main = next(iter(settings.values()))
        self._source, self._watches = main.source, main.watch
        shared = _shared_parts(settings, credentials, runner, runtime, look)
        self._channels: dict[str, ChannelAgent] = {}
        for channel, own in settings.items():
            is_used_elsewhere = others_are_used(self._channels, channel.name)
            self._channels[channel.name] = ChannelAgent(channel, own, shared, is_used_elsewhere)
        self._unseen = set(self._channels)
        self._switchboard = Switchboard(self._channels, stale=_STALE)
        handlers = http.Handlers(
            publish=self._switchboard.publish,
            unpublish=self._switchboard.unpublish,
            status=self._switchboard.status,
            problems=lambda: self._switchboard.problems() if self._reports.is_ready else ("not ready",),
            metrics=lambda: self._switchboard.metrics() if self._reports.is_ready else b"",
            refused=self._switchboard.refused,
        )
        self._server = http_server(http.application(credentials, handlers))
        self._tasks: list[asyncio.Task[None]] = []

    async def serve(self) -> None:
        """Serve until SIGTERM, or until one of the endless tasks ends: systemd then restarts the agent."""
        self._startup()
        try:
            await self._main_loop()
        finally:
            self._shutdown()

    def _startup(self) -> None:
        """Read the sockets, and begin the endless tasks, one of which watches the TOML."""
        loop = asyncio.get_running_loop()
        # No systemctl of one channel waits for another's: each channel has one at a time, or two.
        workers = min(_MOST_WORKERS, 4 + 2 * len(self._channels))
        loop.set_default_executor(ThreadPoolExecutor(workers))
        self._read_sockets(loop)
        endless = [self._edit_watch().run(), self._reports.feed_watchdog()]
        began = loop.time()
        for channel in self._channels.values():
            endless += [self._tick(channel, began), self._announce(channel), channel.keeper.run()]
        # Kept in a list because asyncio holds only weak references to its tasks.
        self._tasks = [asyncio.create_task(step) for step in endless]
        for task in self._tasks:
            task.add_done_callback(lambda _: self.stop())

    def _read_sockets(self, loop: asyncio.AbstractEventLoop) -> None:
        sockets = self._sockets
        # Reports that waited while no agent ran describe the past.
        for waiting in (*sockets.programs.values(), sockets.progress):
            discard(waiting)
        for name, program in sockets.programs.items():
            loop.add_reader(program, self._channels[name].telemetry.receive, program)
        loop.add_reader(sockets.progress, receive_progress, sockets.progress, self._switchboard.by_sender())

    async def _main_loop(self) -> None:
        """Serve HTTP until the server ends; raise the error of an endless task that has ended."""
        await self._server.serve(sockets=[self._sockets.hooks])
        for task in self._tasks:
            if task.done():
                task.result()

    def _shutdown(self) -> None:
        self._reports.stopping()
        for task in self._tasks:
            task.cancel()

    def stop(self) -> None:
        """Have `serve` end, as SIGTERM does."""
        self._server.stop()

    async def _tick(self, channel: ChannelAgent, began: float) -> None:
        """Have a channel's agent check the situation for ever: regularly, and once more after a publish.

        All channels count from `began`, so that they look at the same time: one look is enough for them.
        """
        agent, loop = channel.agent, asyncio.get_running_loop()
        while True:
            await channel.tick()
            self._unseen.discard(channel.channel.name)
            if not self._unseen or loop.time() - began >= _READY_WITHIN:
                self._reports.ready()
            self._say(channel, agent.status())
            pause = _TICK_EVERY - (loop.time() - began) % _TICK_EVERY
            with suppress(TimeoutError):
                await asyncio.wait_for(agent.look_again.wait(), pause)
                await asyncio.sleep(_LOOK_AGAIN)
            agent.look_again.clear()

    def _say(self, channel: ChannelAgent, status: Status) -> None:
        self._reports.status(self._switchboard.say(channel, status.words()))

    async def _announce(self, channel: ChannelAgent) -> None:
        """Report a changed status to systemd within a second, and send a channel's news, for ever."""
        summary, agent = "", channel.agent
        while True:
            await asyncio.sleep(_ANNOUNCE_EVERY)
            if not self._reports.is_ready or channel.channel.name in self._unseen:
                continue
            status = agent.status()
            if status.summary != summary:
                summary = status.summary
                await channel.refresh()
                status = agent.status()
            self._say(channel, status)
            channel.news.look(status)
            if agent.has_new_shape:
                agent.look_again.set()

    def _edit_watch(self) -> EditWatch:
        """Return what has edits of the TOML applied, and an apply that was interrupted."""
        source = Path(self._source)
        # An apply of this boot has left its lock. It is still running, or its unit has failed.
        is_interrupted = Path(paths.UNFINISHED).exists() and not Path(paths.LOCK).exists()
        edits = EditTracker(
            source,
            Path(paths.LAST_READ),
            self._runtime / "tried-edit",
            is_interrupted=is_interrupted,
            is_watched=self._watches,
        )
        by_hand = partial(is_applying, Path("/"))
        applier = EditApplier(self._source, edits, Systemd(self._runner), is_applying=by_hand)
        return EditWatch(source, edits, applier.apply_pending, WatchPace())


def _shared_parts(
    settings: Mapping[Channel, AgentSettings],
    credentials: HookCredentials,
    runner: Runner,
    runtime: Path,
    look: UnitLook | None,
) -> SharedParts:
    main = next(iter(settings.values()))
    ingest = ingest_api.connect(main.server, main.api, credentials.api_key)
    return SharedParts(
        ingest=ingest,
        joint=JointLook(ingest.publishers, Systemd(runner, look), settings),
        strays=Strays(runtime, settings),
        runner=runner,
        runtime=runtime,
        rtmp=main.rtmp if main.server == "srs" else "",
        has_notifier=main.notifies,
        play_key=credentials.play_key,
        is_configured=lambda name: Path(paths_of(name).agent_settings).exists(),
        look=look,
    )
