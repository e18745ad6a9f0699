"""One channel in the agent's process: an agent of its own, with its own lock, memory and reports.

What the channels share is the process, its event loop, and the ingest server. No step of one channel waits
for systemd's answer to another.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from restream_agent.agent.agent import Agent
from restream_agent.agent.channel_ingest import ChannelIngestServer, Strays, channel_directory
from restream_agent.agent.ingest_api import IngestServer
from restream_agent.agent.joint_look import JointLook
from restream_agent.agent.news_sender import NewsSender
from restream_agent.agent.observer import Surroundings
from restream_agent.agent.refusals import Refusals
from restream_agent.agent.stream_keeper import StreamKeeper
from restream_agent.agent.telemetry import Telemetry
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.channel_systemd import ChannelSystemd
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Runner, UnitLook
from restream_agent.wire.settings import AgentSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SharedParts:
    """What all channels share.

    `runtime` is the agent's runtime directory, `rtmp` the address at which SRS speaks RTMP to this machine
    ("HOST:PORT"), "" for another server. `has_notifier` says that news is sent on.
    `play_key` returns the key with which a channel's stream is played.
    `is_configured` says whether a channel's settings are still there. `look` reads the states of units.
    """

    ingest: IngestServer
    joint: JointLook
    strays: Strays
    runner: Runner
    runtime: Path
    rtmp: str
    has_notifier: bool
    play_key: Callable[[str], str]
    is_configured: Callable[[str], bool]
    look: UnitLook | None = None


class ChannelAgent:
    """The parts of one channel."""

    def __init__(
        self,
        channel: Channel,
        settings: AgentSettings,
        shared: SharedParts,
        is_used_elsewhere: Callable[[], bool],
    ) -> None:
        """`is_used_elsewhere` tells whether another channel has a publisher."""
        runtime = channel_directory(shared.runtime, channel.name)
        _make(runtime)
        self.channel = channel
        self.telemetry = Telemetry({sender: relay for relay, sender in settings.relays.items()})
        self.keeper = StreamKeeper(shared.rtmp, runtime / "stream", channel, shared.play_key(channel.name))
        self.refusals = Refusals()
        self.news = NewsSender(runtime, channel, has_notifier=shared.has_notifier)
        self.agent = Agent(
            settings,
            ChannelIngestServer(shared.ingest, shared.joint.publishers, channel, shared.strays),
            ChannelSystemd(channel, shared.runner, shared.look),
            self.telemetry,
            runtime,
            joint=shared.joint,
            keeper=self.keeper,
            refusals=self.refusals,
            surroundings=Surroundings(
                operator=Path(paths_of(channel.name).operator),
                channel=channel,
                watches_server=channel.is_main,
                is_used_elsewhere=is_used_elsewhere,
                is_configured=partial(shared.is_configured, channel.name),
            ),
        )

    def named(self, words: str) -> str:
        """Return words with the channel's name in front, for a channel other than `main`."""
        return words if self.channel.is_main else f"{self.channel.name}: {words}"

    def problems(self, stale: float) -> tuple[str, ...]:
        """Return the channel's problems; `stale` is how old the last look at systemd may be, in seconds.

        What is wrong with the ingest server is said by `main`, which watches over it.
        """
        age, status = self.agent.looked_ago(), self.agent.status()
        late = (f"the last look at systemd was {age:.0f} s ago",) if age > stale else ()
        own = status.problems() if self.channel.is_main else status.own_problems()
        return tuple(map(self.named, (*late, *own)))

    async def tick(self) -> None:
        """Check the situation; an error is logged."""
        await logged(self.agent.tick)

    async def refresh(self, within: float | None = None) -> None:
        """Look again; an error is logged. Returns after `within` seconds even if the channel is busy."""
        with suppress(TimeoutError):
            await asyncio.wait_for(logged(self.agent.refresh), within)


async def logged(step: Callable[[], Awaitable[None]]) -> None:
    """Run one step of an endless task; its RestreamError is logged and the task goes on."""
    try:
        await step()
    except RestreamError as error:
        log.error("%s", error.message)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.error("%s: %s", directory, error.strerror)
