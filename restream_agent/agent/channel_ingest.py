"""The ingest server as one channel sees it: with its own publishers alone.

A channel that is added or removed while somebody publishes under its name makes that publisher a stray: it
came with the key of another channel. No channel may take a stray over, so it is disconnected.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path

from restream_agent.agent.ingest_api import IngestServer
from restream_agent.agent.memory_file import MemoryFile
from restream_agent.agent.situation import Publisher
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.channels import MAIN, Channel

log = logging.getLogger(__name__)

MEMORY, CHANNELS = "memory.json", "channels"
"""Names in the agent's runtime directory: each channel's memory, and the channels besides `main`."""


def channel_directory(runtime: Path, channel: str) -> Path:
    """Return a channel's directory in the agent's runtime directory."""
    return runtime if channel == MAIN else runtime / CHANNELS / channel


class Strays:
    """The publishers that earlier agents accepted and that are no channel's now, until they are gone."""

    def __init__(self, runtime: Path, channels: Iterable[Channel]) -> None:
        """Read what the agents of before remember; `channels` are all of today's."""
        self._files: dict[Publisher, Path] = {}
        today = {channel.name: channel for channel in channels}
        earlier = sorted((runtime / CHANNELS).glob("*"))
        for directory in (runtime, *earlier):
            channel = today.get(directory.name if directory in earlier else MAIN)
            file = directory / MEMORY
            current = MemoryFile(file).load().current
            if current is not None and (channel is None or not channel.takes(current.stream)):
                self._files[current] = file
            elif channel is None:
                _forget(directory)

    async def drop(self, listed: tuple[Publisher, ...], ingest: IngestServer) -> tuple[Publisher, ...]:
        """Have the server disconnect the strays that it lists; return the other publishers.

        A stray that is not disconnected is tried again at the next list.
        """
        strays = self._files.keys() & set(listed)
        for stray in strays:
            log.info("publisher %s is dropped: the channels have changed", stray.client_id)
            with suppress(RestreamError):
                await ingest.drop(stray)
        for gone in self._files.keys() - set(listed):
            directory = self._files.pop(gone).parent
            # That of `main` remembers another publisher by now.
            if directory.parent.name == CHANNELS:
                _forget(directory)
        # Not those in the files: another channel's newer list may have removed them during the drop.
        return tuple(publisher for publisher in listed if publisher not in strays)


def _forget(directory: Path) -> None:
    """Delete what an agent has left of a channel that was removed; a failure is logged."""
    try:
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()
    except OSError as error:
        log.error("%s: %s", error.filename, error.strerror)


class ChannelIngestServer:
    """The requests that one channel's agent makes to the server that all channels share."""

    def __init__(
        self,
        ingest: IngestServer,
        publishers: Callable[[], Awaitable[tuple[Publisher, ...]]],
        channel: Channel,
        strays: Strays,
    ) -> None:
        """`publishers` returns those of all channels."""
        self._ingest = ingest
        self._publishers = publishers
        self._channel = channel
        self._strays = strays

    async def publishers(self) -> tuple[Publisher, ...]:
        """Return the channel's publishers; RestreamError if the server does not answer."""
        listed = await self._strays.drop(await self._publishers(), self._ingest)
        return tuple(publisher for publisher in listed if self._channel.takes(publisher.stream))

    async def drop(self, publisher: Publisher) -> None:
        """Disconnect a publisher; RestreamError if the server does not do it."""
        await self._ingest.drop(publisher)

    async def cut(self, stream: str) -> None:
        """Disconnect all players of a stream; RestreamError if the server does not do it."""
        await self._ingest.cut(stream)
