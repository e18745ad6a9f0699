"""Wrong keys are refused late, and delay no other hook."""

import asyncio
import time

import httpx
import pytest

from restream_agent.agent import http, key_throttle
from restream_agent.agent.credentials import HookCredentials
from restream_agent.agent.http import Handlers, application
from tests.unit.agent.test_http import KEY, TOKEN, FakeAgent

HERE, THERE = "203.0.113.1", "203.0.113.2"
LONG = 2.0  # seconds; longer than a request takes on a busy machine


def visitor() -> httpx.AsyncClient:
    """Return a client of a new application."""
    agent = FakeAgent()
    handlers = Handlers(agent.publish, agent.unpublish, agent.status, tuple[str, ...], bytes, agent.refuse)
    transport = httpx.ASGITransport(application(HookCredentials(TOKEN, KEY), handlers))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30)


async def publish(client: httpx.AsyncClient, key: str, address: str) -> tuple[int, float]:
    """Return the status of the answer and how long it took, in seconds."""
    started = time.monotonic()
    body = {"action": "on_publish", "client_id": "1", "app": "live", "stream": "main"}
    hook = {**body, "ip": address, "param": f"?key={key}"}
    answer = await client.post(f"/api/on_publish?token={TOKEN}", json=hook)
    return answer.status_code, time.monotonic() - started


def test_the_second_wrong_key_waits_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """While guesses wait, the right key is accepted from the same address, and a first slip is refused."""
    monkeypatch.setattr(key_throttle, "FIRST_WAIT", LONG)

    async def visit() -> list[int]:
        async with visitor() as client:
            await publish(client, "slip", HERE)
            guess = asyncio.create_task(publish(client, "guess", HERE))
            quick = [await publish(client, KEY, HERE), await publish(client, "slip", THERE)]
            assert not guess.done()
            return [status for status, _ in (*quick, await guess)]

    assert asyncio.run(visit()) == [200, 403, 403]


def test_waiting_refusals_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit a refusal is sent at once instead of using more memory."""
    monkeypatch.setattr(http, "MOST_WAITING", 2)
    monkeypatch.setattr(key_throttle, "FIRST_WAIT", LONG)

    async def visit() -> list[float]:
        async with visitor() as client:
            await publish(client, "slip", HERE)
            return [
                taken for _, taken in await asyncio.gather(*(publish(client, "x", HERE) for _ in range(4)))
            ]

    assert sorted(taken >= LONG for taken in asyncio.run(visit())) == [False, False, True, True]
