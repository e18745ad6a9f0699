"""Unpublishes: the current publisher's ends its stream, everybody else's costs nothing."""

import asyncio

import pytest

from restream_agent.agent.port_probe import PortProbe
from restream_agent.agent.situation import Publisher
from tests.unit.agent.test_agent import OBS, AgentBench, bench, go, hook

__all__ = ["bench"]


@pytest.mark.parametrize("current", [None, OBS])
def test_an_unpublish_of_a_stranger_costs_nothing(bench: AgentBench, current: Publisher | None) -> None:
    """nginx-rtmp sends `publish_done` for refused publishers too: neither systemd nor the server is asked."""
    if current is not None:
        bench.server.listed = (current,)
        go(lambda: bench.agent.publish(hook(current)))
    looks, asked, calls = bench.machine.looks, bench.server.asked, list(bench.machine.calls)
    go(*(lambda: bench.agent.unpublish(hook(Publisher("stranger", "main"), "unpublish")) for _ in range(50)))
    assert (bench.machine.looks, bench.server.asked, bench.machine.calls) == (looks, asked, calls)
    assert bench.agent.status().publisher == current


def test_an_unpublish_while_the_agent_knows_no_publisher_asks_for_a_look(bench: AgentBench) -> None:
    """A restarted agent whose memory is lost looks soon, instead of once for each hook."""
    bench.machine.units = {"restream.target": "active"}
    go(bench.agent.tick)
    looks = bench.machine.looks
    go(lambda: bench.agent.unpublish(hook(OBS, "unpublish")))
    assert (bench.machine.looks, bench.agent.look_again.is_set()) == (looks, True)


def test_the_end_of_a_stream_on_a_dead_port_asks_for_a_look(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only now may the server be restarted, and OBS waits for it."""
    go(lambda: bench.agent.publish(hook(OBS)))
    bench.agent.look_again.clear()
    monkeypatch.setattr(PortProbe, "is_dead", True)
    go(lambda: bench.agent.unpublish(hook(OBS, "unpublish")))
    assert bench.agent.look_again.is_set()


@pytest.mark.parametrize("is_publishing", [False, True])
def test_a_dead_port_is_looked_at_often_once_nobody_publishes(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch, is_publishing: bool
) -> None:
    """The report that the stream has ended may come after the first look."""
    bench.machine.units = {"restream-ingest.service": "active"}
    if is_publishing:
        go(lambda: bench.agent.publish(hook(OBS)))
    monkeypatch.setattr(PortProbe, "is_dead", True)
    bench.agent.look_again.clear()
    go(bench.agent.tick)
    assert bench.agent.look_again.is_set() != is_publishing


def test_a_dead_port_of_a_server_that_is_not_ours_is_looked_at_as_usual(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent cannot restart it, and has nothing to wait for."""
    monkeypatch.setattr(PortProbe, "is_dead", True)
    bench.agent.look_again.clear()
    go(bench.agent.tick)
    assert not bench.agent.look_again.is_set()


def test_an_unpublish_that_overtakes_its_publish_counts(bench: AgentBench) -> None:
    """The publisher has gone while its publish waited for its turn: the broadcast is not left without one."""

    async def come_and_go() -> None:
        publishing = asyncio.create_task(bench.agent.publish(hook(OBS)))
        await asyncio.sleep(0)
        await bench.agent.unpublish(hook(OBS, "unpublish"))
        await publishing

    asyncio.run(come_and_go())
    assert bench.agent.status().publisher is None
    assert bench.machine.calls[-1] == "start restream-off-air.timer"
