"""uvicorn as the agent changes it; an incompatible version fails here."""

import asyncio
import inspect
import logging
import os
import signal
import socket
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from restream_agent.agent import http_server as server_module
from restream_agent.agent.http_server import HookProtocol, HookServer, http_server

REQUEST = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhook"
CHUNKED = "POST /{} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


OVERRIDDEN = ["shutdown", "send_400_response", "connection_made", "connection_lost", "handle_events"]


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_uvicorn_has_the_methods_that_are_overridden(name: str) -> None:
    """With the same parameters; otherwise the overriding methods would never be called."""
    assert name in vars(HookProtocol)
    overridden = inspect.signature(getattr(H11Protocol, name)).parameters
    assert list(overridden) == list(inspect.signature(getattr(HookProtocol, name)).parameters)


@pytest.mark.parametrize("name", ["main_loop", "handle_exit"])
def test_uvicorn_s_server_has_the_methods_that_are_overridden(name: str) -> None:
    """With the same parameters."""
    overridden = inspect.signature(getattr(uvicorn.Server, name)).parameters
    assert list(overridden) == list(inspect.signature(getattr(HookServer, name)).parameters)


def test_a_signal_ends_a_server_that_sleeps() -> None:
    """As systemd's SIGTERM does: no request has to come first. uvicorn sends it again when all is closed."""
    received: list[int] = []

    async def serve() -> None:
        async with Served() as served:
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(10):
                await served.ended()

    before = signal.signal(signal.SIGTERM, lambda number, _frame: received.append(number))
    try:
        asyncio.run(serve())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [signal.SIGTERM]


def test_uvicorn_has_the_attributes_that_are_used() -> None:
    """Of a connection, and of its request."""
    server = http_server(Starlette())
    server.config.load()
    loop = asyncio.new_event_loop()
    try:
        protocol = HookProtocol(server.config, server.server_state, {}, loop)
        assert vars(protocol).items() >= {"cycle": None, "loop": loop, "transport": None}.items()
    finally:
        loop.close()


async def echo(request: Request) -> Response:
    """Answer with the body, or with 400 if it does not come, as the agent's application does."""
    try:
        return PlainTextResponse(await request.body())
    except ClientDisconnect:
        return PlainTextResponse("no body", 400)


async def refuse(_: Request) -> Response:
    """Answer without reading the body, as to a hook without a token."""
    return PlainTextResponse("refused")


async def wait(_: Request) -> Response:
    """Answer late, as to a wrong key."""
    await asyncio.sleep(0.2)
    return PlainTextResponse("refused")


ROUTES = [Route(f"/{answer.__name__}", answer, methods=["POST"]) for answer in (echo, refuse, wait)]


class Served:
    """The server on a socket of its own, for the time of a `with`; `errors` are those of the event loop."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = self._listening.getsockname()
        self.errors: list[dict[str, Any]] = []
        self.server = http_server(Starlette(routes=ROUTES), most_silent=MOST)

    async def __aenter__(self) -> "Served":
        asyncio.get_running_loop().set_exception_handler(lambda _, error: self.errors.append(error))
        self._task = asyncio.create_task(self.server.serve(sockets=[self._listening]))
        while not self.server.started:
            await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        await self._task

    async def ended(self) -> None:
        """Wait until the server has ended by itself."""
        await asyncio.shield(self._task)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, and wait until the server has accepted the connection."""
        before = len(self.server.server_state.connections)
        reader, writer = await asyncio.open_connection(*self.address)
        while len(self.server.server_state.connections) == before:
            await asyncio.sleep(0.01)
        return reader, writer

    def stop(self) -> None:
        self.server.stop()


def test_a_new_connection_may_still_send_its_hook_at_a_stop() -> None:
    """The server has begun to stop when the request arrives; it is answered."""

    async def visit() -> bytes:
        async with Served() as served:
            reader, writer = await served.connect()
            served.stop()
            await asyncio.sleep(0.2)
            writer.write(REQUEST)
            answer = await reader.read()
            writer.close()
        return answer

    answer = asyncio.run(visit())
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"hook")


def test_a_connection_without_a_request_ends_soon_after_a_stop() -> None:
    """It does not keep the agent from stopping."""

    async def visit() -> bytes:
        async with Served() as served:
            reader, writer = await served.connect()
            served.stop()
            async with asyncio.timeout(20):
                answer = await reader.read()
            writer.close()
        return answer

    assert asyncio.run(visit()) == b""


def test_a_malformed_head_is_answered_with_400() -> None:
    """As by uvicorn itself."""

    async def visit() -> bytes:
        async with Served() as served:
            reader, writer = await served.connect()
            writer.write(b"\x00garbage\r\n\r\n")
            answer = await reader.read()
            writer.close()
        return answer

    assert asyncio.run(visit()).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("path", ["echo", "refuse", "wait"])
def test_a_request_that_is_malformed_after_its_head_ends_the_connection(
    caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Without an error, whether the application reads the body, has answered already, or answers later."""

    async def visit() -> list[dict[str, Any]]:
        async with Served() as served:
            reader, writer = await served.connect()
            writer.write(CHUNKED.format(path).encode())
            await asyncio.sleep(0.1)
            writer.write(b"not a chunk\r\n")
            # The end of a connection on which something is still unread is a reset.
            with suppress(ConnectionResetError):
                async with asyncio.timeout(20):
                    await reader.read()
            await asyncio.sleep(0.3)  # the late answer
            writer.close()
        return served.errors

    assert asyncio.run(visit()) == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


MOST = 5
"""Connections without a request."""

HALF = b"POST /echo HTTP/1.1\r\nHost: x\r\nX-Slow: "


async def ask(served: Served) -> bytes:
    """Send a request on a connection of its own; return the answer."""
    reader, writer = await asyncio.open_connection(*served.address)
    writer.write(REQUEST)
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return answer


def test_half_open_requests_make_room_for_a_hook() -> None:
    """A user of this machine holds connections with half a request: the oldest are closed, hooks answered."""

    async def visit() -> tuple[bytes, bytes, int, bool]:
        async with Served() as served:
            held = [await served.connect() for _ in range(20)]
            for _, writer in held:
                writer.write(HALF)
            early = await ask(served)
            await asyncio.sleep(0.4)
            newest, writer = await served.connect()
            left = len(served.server.server_state.connections)
            late = await ask(served)
            is_open = not newest.at_eof()
            for _, each in (*held, (newest, writer)):
                each.transport.abort()
        return early[-4:], late[-4:], left, is_open

    assert asyncio.run(visit()) == (b"hook", b"hook", MOST, True)


def test_a_head_that_does_not_come_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """However it drips; a request that has come waits for its answer as long as that takes."""
    monkeypatch.setattr(server_module, "REQUEST_WITHIN", 0.15)

    async def visit() -> bytes:
        async with Served() as served:
            dripping, drip = await served.connect()
            waiting, request = await served.connect()
            request.write(b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            async with asyncio.timeout(20):
                while not dripping.at_eof() and dripping.exception() is None:
                    drip.write(HALF[:1])
                    await asyncio.sleep(0.05)
            answer = await waiting.read()
            for writer in (drip, request):
                writer.transport.abort()
        return answer

    assert asyncio.run(visit()).endswith(b"refused")


def test_a_connection_carries_one_request() -> None:
    """The answer ends it, so nobody can hold a connection open after a request."""

    async def visit() -> bytes:
        async with Served() as served:
            return await ask(served)

    assert b"\r\nconnection: close\r\n" in asyncio.run(visit())


def test_the_server_is_uvicorn_with_the_changed_protocol() -> None:
    """The configuration is where uvicorn takes the class from."""
    server = http_server(Starlette())
    server.config.load()
    assert isinstance(server, uvicorn.Server)
    assert issubclass(server.config.http_protocol_class, HookProtocol)
