"""The player of ours that keeps SRS's stream while nobody publishes it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from restream_agent.agent import stream_keeper
from restream_agent.agent.stream_keeper import StreamKeeper
from restream_agent.rtmp import amf0
from restream_agent.rtmp.chunks import ChunkMessage, ChunkReader, chunked
from restream_agent.rtmp.handshake import PART, VERSION
from restream_agent.systemd.channels import Channel

_PLAYED = 10.0
"""Seconds within which a player comes or goes; milliseconds are usual."""


@dataclass
class PlayedServer:
    """A server that shakes hands; `playing` are the streams of its present players, `came` of all of them."""

    playing: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a player to its end, which a keeper that is stopped makes in mid-handshake."""
        with closing(writer), suppress(EOFError, ConnectionError):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1 + PART)
        writer.write(VERSION + bytes(2 * PART))
        await reader.readexactly(PART)
        name = await self._answer(reader, writer)
        self.playing.append(name)
        self.came.append(name)
        self.writers.append(writer)
        await reader.read()
        self.playing.remove(name)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Answer commands until a stream is played; return its name."""
        chunks = ChunkReader()
        while True:
            for message in chunks.feed(await reader.read(4096)):
                command = amf0.decode(message.body) if message.kind == 20 else [None]
                match command:
                    case ["connect", *_]:
                        say(writer, "_result", 1.0, None)
                    case ["createStream", *_]:
                        say(writer, "_result", 2.0, None, 1.0)
                    case ["play", _, _, str(name), *_]:
                        say(writer, "onStatus", 0.0, None, {"code": "NetStream.Play.Start"})
                        return name

    async def wait(self, *playing: str) -> None:
        """Wait until these streams are played and no other."""
        async with asyncio.timeout(_PLAYED):
            while self.playing != list(playing):
                await asyncio.sleep(0.005)


def say(writer: asyncio.StreamWriter, *command: amf0.Value) -> None:
    """Send a command to the client."""
    writer.write(chunked(ChunkMessage(3, 20, 0, 0, amf0.encode(*command))))


Play = Callable[[StreamKeeper, PlayedServer], Coroutine[Any, Any, None]]


def keep(directory: Path, play: Play) -> PlayedServer:
    """Run a keeper beside a server; `play` tells the keeper what happens."""

    async def run() -> PlayedServer:
        server = PlayedServer()
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        keeper = StreamKeeper(f"127.0.0.1:{port}", directory / "stream", Channel())
        running = asyncio.create_task(keeper.run())
        try:
            await play(keeper, server)
        finally:
            running.cancel()
            await asyncio.wait((running,))
            await server.wait()
            for _ in range(10):
                await asyncio.sleep(0)  # a connection that has just come gets its handler, which closes it
            listener.close()
        return server

    return asyncio.run(run())


def test_the_first_stream_is_kept_until_it_is_published(tmp_path: Path) -> None:
    """Nobody has published yet, so the README's name is kept; once somebody publishes it, nothing is."""

    async def play(keeper: StreamKeeper, server: PlayedServer) -> None:
        keeper.follow(None, is_published=False)
        await server.wait("main")
        keeper.follow("main", is_published=False)  # its on_publish is being answered
        await server.wait("main")
        keeper.follow("main", is_published=True)
        await server.wait()

    assert keep(tmp_path, play).came == ["main"]


def test_the_stream_of_the_last_publisher_is_kept(tmp_path: Path) -> None:
    """From its publish on, and after its end."""

    async def play(keeper: StreamKeeper, server: PlayedServer) -> None:
        keeper.follow(None, is_published=False)
        await server.wait("main")
        keeper.follow("other", is_published=False)
        await server.wait("other")
        keeper.follow("other", is_published=True)
        await server.wait()
        keeper.follow(None, is_published=False)
        await server.wait("other")

    keep(tmp_path, play)


def test_the_name_is_known_after_a_restart(tmp_path: Path) -> None:
    """It is in the agent's runtime directory."""

    async def publish(keeper: StreamKeeper, server: PlayedServer) -> None:
        keeper.follow("other", is_published=True)

    async def idle(keeper: StreamKeeper, server: PlayedServer) -> None:
        keeper.follow(None, is_published=False)
        await server.wait("other")

    keep(tmp_path, publish)
    keep(tmp_path, idle)


def test_a_lost_connection_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SRS ends its players when it restarts, and when the agent cuts a stream."""
    monkeypatch.setattr(stream_keeper, "_AGAIN", 0.01)

    async def play(keeper: StreamKeeper, server: PlayedServer) -> None:
        keeper.follow(None, is_published=False)
        await server.wait("main")
        server.writers[0].close()
        async with asyncio.timeout(_PLAYED):
            while server.came != ["main", "main"]:
                await asyncio.sleep(0.005)

    keep(tmp_path, play)


def test_a_server_that_forgets_nothing_is_left_alone(tmp_path: Path) -> None:
    """nginx-rtmp gets no player of ours."""

    async def idle() -> None:
        keeper = StreamKeeper("", tmp_path / "stream", Channel())
        running = asyncio.create_task(keeper.run())
        keeper.follow("main", is_published=False)
        await asyncio.sleep(0.05)
        assert not running.done()
        running.cancel()

    asyncio.run(idle())


def test_a_name_that_cannot_be_written_is_an_error_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The stream is kept all the same."""
    keeper = StreamKeeper("127.0.0.1:1935", tmp_path / "absent" / "stream", Channel())
    keeper.follow("other", is_published=False)
    assert "absent/stream: No such file or directory" in caplog.text


def test_a_channel_keeps_the_stream_of_its_own_name(tmp_path: Path) -> None:
    """And main does not go on with a name that has become another channel's."""
    StreamKeeper("127.0.0.1:1935", tmp_path / "stream", Channel()).follow("es", is_published=True)

    async def kept(channel: Channel, file: str) -> str | None:
        keeper = StreamKeeper("127.0.0.1:1935", tmp_path / file, channel)
        keeper.follow(None, is_published=False)
        return keeper._kept

    assert asyncio.run(kept(Channel(), "stream")) == "es"
    assert asyncio.run(kept(Channel("main", frozenset({"es"})), "stream")) == "main"
    assert asyncio.run(kept(Channel("es"), "stream-of-es")) == "es"
