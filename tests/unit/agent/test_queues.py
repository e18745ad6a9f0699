"""What waits for the agent's attention is bounded: publishes, unpublishes, requests for the status."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from restream_agent.agent.agent import MOST_ARRIVING
from restream_agent.agent.credentials import HookCredentials
from restream_agent.agent.http import MOST_LOOKING, Handlers, application
from restream_agent.agent.situation import Publisher
from tests.unit.agent.test_agent import OBS, AgentBench, bench, go, hook
from tests.unit.agent.test_http import KEY, TOKEN, FakeAgent, HookClient, body

__all__ = ["bench"]


def test_publishes_above_the_limit_are_refused_at_once(bench: AgentBench) -> None:
    """Nothing behind them waits for their turns, and neither systemd nor the server is asked for them."""
    publishers = [Publisher(f"c{number}", "main") for number in range(MOST_ARRIVING + 20)]

    async def storm() -> list[str]:
        return await asyncio.gather(*(bench.agent.publish(hook(publisher)) for publisher in publishers))

    refusals = asyncio.run(storm())
    assert refusals.count("too many publishers arrive at once") == 20
    assert bench.server.asked <= 2 * MOST_ARRIVING


def test_an_unpublish_that_is_repeated_is_handled_once(bench: AgentBench) -> None:
    """While the first one waits, the others cost nothing."""
    go(lambda: bench.agent.publish(hook(OBS)))
    asked = bench.server.asked

    async def storm() -> None:
        await asyncio.gather(*(bench.agent.unpublish(hook(OBS, "unpublish")) for _ in range(50)))

    asyncio.run(storm())
    assert len(bench.server.cuts) == 1
    assert bench.server.asked <= asked + 2


def test_all_who_ask_for_the_status_share_one_look(bench: AgentBench) -> None:
    """A hook behind them waits for that look only."""
    looks = bench.machine.looks

    async def storm() -> None:
        await asyncio.gather(*(bench.agent.refresh() for _ in range(100)))

    bench.passed += 60
    asyncio.run(storm())
    assert bench.machine.looks == looks + 1


def test_hooks_without_the_token_are_logged_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """A flood of them would have the journal drop the lines of wrong keys, which fail2ban reads."""
    client = HookClient(FakeAgent(), HookCredentials(TOKEN, KEY))
    for _ in range(50):
        assert client.request("POST", "/api/on_publish?token=wr0ng", json=body()).status_code == 403
    assert caplog.messages.count("hook refused: no valid token") == 1


def test_requests_for_the_status_are_bounded() -> None:
    """While the agent waits for systemd, the requests above the limit are answered at once."""

    agent = FakeAgent()

    async def visit() -> list[int]:
        waiting = asyncio.Event()

        async def status() -> Mapping[str, Any]:
            await waiting.wait()
            return {}

        handlers = Handlers(agent.publish, agent.unpublish, status, tuple[str, ...], bytes, agent.refuse)
        transport = httpx.ASGITransport(application(HookCredentials(TOKEN, KEY), handlers))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as visitor:
            held = [asyncio.create_task(visitor.get("/api/status")) for _ in range(MOST_LOOKING)]
            await asyncio.sleep(0)
            above = await visitor.get("/api/status")
            waiting.set()
            return [answer.status_code for answer in (above, *await asyncio.gather(*held))]

    assert asyncio.run(visit()) == [503] + [200] * MOST_LOOKING
