"""What waits for the agent's attention is bounded: publishes, unpublishes, requests for the status."""

import asyncio

from restream_agent.agent.agent import MOST_ARRIVING
from restream_agent.agent.situation import Publisher
from tests.unit.agent.test_agent import OBS, AgentBench, bench, go, hook

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
