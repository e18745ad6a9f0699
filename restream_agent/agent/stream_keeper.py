"""Keeps SRS from forgetting the stream that OBS is about to publish (ossrs/srs#4656).

A publisher gets SRS's source of its stream when it connects, and takes it when its `on_publish` has been
answered. Every 3 s SRS forgets the sources that have neither publisher nor player, new ones included
(6.0.157, `SrsLiveSource::stream_is_dead`). If that falls in between, OBS publishes into a source that nobody
can play. SRS never forgets a source with a player, so the agent plays the stream until its publisher is
listed.
"""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from restream_agent.agent.situation import Publisher
from restream_agent.rtmp.errors import PlayError
from restream_agent.rtmp.play import Player
from restream_agent.systemd.channels import Channel

log = logging.getLogger(__name__)

_APPLICATION = "live"

_CONNECT_TIMEOUT = 5.0
"""Seconds. On loopback it takes milliseconds."""

_AGAIN = 0.5
"""Seconds until the next try. SRS keeps a source for 3 s after its last player has gone."""

_PIECE = 1 << 16
"""Bytes that are read at once and thrown away."""


class StreamKeeper:
    """Plays the stream that was published last, while nobody publishes.

    `address` is that of the server ("HOST:PORT"), "" for a server that forgets nothing. The file `name`
    carries the stream's name over a restart of the agent. Before anybody has published, the stream with the
    channel's own name is kept, which is the one in the README.
    """

    def __init__(self, address: str, name: Path, channel: Channel, key: str = "") -> None:
        """`key` is that of the channel's players (HookCredentials.play_key)."""
        self._query = f"?key={key}" if key else ""
        host, _, port = address.rpartition(":")
        self._host, self._port = host, int(port or 0)
        self._file = name
        self._channel = channel
        self._stream = self._read()
        self._kept: str | None = None
        self._changed = asyncio.Event()

    def follow(self, stream: str | None, *, is_published: bool) -> None:
        """Keep the current publisher's stream, the previous one for None; nothing once it is published."""
        if stream is not None and stream != self._stream:
            self._stream = stream
            self._write()
        kept = None if is_published or not self._host else self._stream
        if kept != self._kept:
            self._kept = kept
            self._changed.set()

    def look(self, current: Publisher | None, listed: tuple[Publisher, ...]) -> None:
        """Keep the current publisher's stream until the server lists it; without one, until it lists any."""
        is_published = any(current is None or current.client_id == each.client_id for each in listed)
        self.follow(current.stream if current else None, is_published=is_published)

    async def run(self) -> None:
        """Play what is to be kept. Runs until cancelled."""
        while True:
            self._changed.clear()
            playing = asyncio.create_task(self._play(self._kept)) if self._kept else None
            try:
                await self._changed.wait()
            finally:
                if playing:
                    playing.cancel()

    async def _play(self, stream: str) -> None:
        while True:
            with suppress(OSError, PlayError):
                await self._connect_and_discard(stream)
            await asyncio.sleep(_AGAIN)

    async def _connect_and_discard(self, stream: str) -> None:
        """Play until the connection ends; OSError or PlayError if the server does not answer or refuses."""
        name = f"{stream}{self._query}"
        player = Player(_APPLICATION, name, f"rtmp://{self._host}:{self._port}/{_APPLICATION}")
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT):
                while not player.is_playing:
                    writer.write(player.outgoing())
                    data = await reader.read(_PIECE)
                    if not data:
                        raise player.closed()
                    player.feed(data)
            # From here on nothing is read of the stream, whatever a publisher sends.
            while await reader.read(_PIECE):
                pass
        finally:
            writer.transport.abort()

    def _read(self) -> str:
        with suppress(OSError, UnicodeDecodeError):
            stream = self._file.read_text()
            # The name may have become another channel's since.
            if stream and self._channel.takes(stream):
                return stream
        return self._channel.name

    def _write(self) -> None:
        try:
            self._file.write_text(self._stream)
        except OSError as error:
            log.error("%s: %s", self._file, error.strerror)
