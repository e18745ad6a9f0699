"""The public port is alive if it completes a handshake, whatever else its server does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest

from restream_agent.agent import port_probe
from restream_agent.agent.port_probe import PortProbe
from restream_agent.rtmp.handshake import PART

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as an RTMP server does, and wait for C2."""
    with closing(writer):
        hello = await reader.readexactly(1 + PART)
        writer.write(b"\x03" + bytes(PART) + hello[1:])
        await reader.readexactly(PART)


async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing, as a listener whose server accepts no more."""
    with closing(writer):  # also if the test ends first
        await reader.read()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the connection at once."""
    writer.close()


def failures(serve: Serve | None, tries: int = 1) -> int:
    """Return how many tries failed in a row; without `serve` nobody listens."""

    async def probe() -> int:
        server = await asyncio.start_server(serve or hang_up, "127.0.0.1", 0)
        prober = PortProbe(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        if serve is None:
            server.close()
        for _ in range(tries):
            await prober.attempt()
        for _ in range(10):
            await asyncio.sleep(0)  # a connection that has just come gets its handler, which closes it
        server.close()
        return prober.failures

    return asyncio.run(probe())


def test_a_port_that_completes_the_handshake_is_alive() -> None:
    """It counts no failure."""
    assert failures(shake) == 0


@pytest.mark.parametrize("serve", [be_silent, hang_up, None])
def test_a_port_that_does_not_complete_the_handshake_fails(
    serve: Serve | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel still connects clients to a server that accepts no more: only the handshake tells."""
    monkeypatch.setattr(port_probe, "_TIMEOUT", 0.05)
    assert failures(serve, tries=3) == 3


def test_one_failure_is_not_death_and_a_success_forgets_it() -> None:
    """A busy server may fail once."""
    probe = PortProbe("127.0.0.1:1")
    seen = []
    for _ in range(2):
        asyncio.run(probe.attempt())
        seen.append(probe.is_dead)
    probe.failures = 0
    assert (seen, probe.is_dead) == ([False, True], False)


def test_without_an_address_nothing_is_tried() -> None:
    """Nothing fails."""
    probe = PortProbe("")
    asyncio.run(probe.attempt())
    assert probe.failures == 0
