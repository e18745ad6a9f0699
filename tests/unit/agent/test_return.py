"""A publisher that returns to a broadcast: its player starts while the agent still looks."""

import asyncio
import threading
from dataclasses import dataclass, field, replace
from subprocess import CompletedProcess
from typing import Any

import pytest

from restream_agent.agent.decide import (
    AgentEvent,
    PublisherMemory,
    PublishRequest,
    Rules,
    Tick,
    UnpublishNotice,
    beforehand,
    decide,
)
from restream_agent.agent.situation import Publisher, Situation
from tests.unit.agent.test_agent import NEXT, OBS, AgentBench, FakeIngest, FakeSystemctl, bench, go, hook
from tests.unit.agent.test_answer import PLAY

__all__ = ["bench"]

FALLBACK = Situation(now=0.0, is_on_air=True)
ALONE = PublisherMemory()
PUBLISH = PublishRequest(OBS)


@dataclass
class SlowIngest(FakeIngest):
    """A server that answers once it `may`."""

    may: asyncio.Event = field(default_factory=asyncio.Event)

    async def publishers(self) -> tuple[Publisher, ...]:
        await self.may.wait()
        return await super().publishers()


@dataclass
class HeldSystemctl(FakeSystemctl):
    """A systemd that answers a look once it `may`."""

    may: threading.Event = field(default_factory=threading.Event)

    def run(self, argv: tuple[str, ...], **options: Any) -> CompletedProcess[str]:
        if argv[1] == "show":
            assert self.may.wait(5)
        return super().run(argv, **options)


def fall_back(bench: AgentBench) -> None:
    """Have a publisher come and go, so that the fallback plays."""
    go(lambda: bench.agent.publish(hook(OBS)))
    go(lambda: bench.agent.unpublish(hook(OBS, "unpublish")))
    bench.machine.calls.clear()


def test_what_is_begun_is_in_the_decision() -> None:
    """The same action: else the player would be started twice."""
    begun = beforehand(ALONE, FALLBACK, PUBLISH)
    assert begun is not None
    assert begun.is_awaited
    assert begun in decide(Rules(), ALONE, FALLBACK, PUBLISH).actions


@pytest.mark.parametrize(
    ("memory", "situation", "event"),
    [
        (ALONE, FALLBACK, Tick()),
        (ALONE, FALLBACK, UnpublishNotice(OBS)),
        (PublisherMemory(NEXT), FALLBACK, PUBLISH),
        (ALONE, replace(FALLBACK, is_on_air=False), PUBLISH),
        (ALONE, replace(FALLBACK, is_ending=True), PUBLISH),
        (ALONE, replace(FALLBACK, live_streams=frozenset({"other"})), PUBLISH),
    ],
)
def test_nothing_is_begun_that_needs_the_look(
    memory: PublisherMemory, situation: Situation, event: AgentEvent
) -> None:
    """A takeover, a broadcast that opens or ends, and another stream: the decision has more to do first."""
    assert beforehand(memory, situation, event) is None


def test_the_player_starts_during_the_look(bench: AgentBench) -> None:
    """Once, though the decision asks for it too, and the answer waits for look and start."""
    fall_back(bench)

    async def publish() -> None:
        bench.server = server = SlowIngest()
        bench.agent._observer._ingest = server
        answer = asyncio.create_task(bench.agent.publish(hook(NEXT)))
        async with asyncio.timeout(20):
            while PLAY not in bench.machine.calls:
                await asyncio.sleep(0)
        assert not answer.done()
        server.may.set()
        assert await asyncio.wait_for(answer, 5) == ""

    go(publish)
    assert bench.machine.calls == [PLAY]


def test_the_answer_does_not_wait_for_a_look_at_systemd(bench: AgentBench) -> None:
    """The units are taken to be as they were; the look comes after the answer."""
    bench.machine = systemd = HeldSystemctl()
    bench.agent = bench.restarted()
    systemd.may.set()
    fall_back(bench)
    looks = systemd.looks
    systemd.may.clear()

    async def publish() -> None:
        assert await asyncio.wait_for(bench.agent.publish(hook(NEXT)), 4) == ""
        systemd.may.set()

    go(publish)
    assert systemd.looks == looks + 1
    assert bench.agent.status().publisher == NEXT


def test_a_publisher_that_comes_after_the_end_of_the_broadcast_begins_another(bench: AgentBench) -> None:
    """The agent has not seen the end, since somebody else asked for it. It sees it once it has answered."""
    fall_back(bench)
    bench.machine.units["restream.target"] = "inactive"
    go(lambda: bench.agent.publish(hook(NEXT)))
    assert bench.machine.calls == [PLAY, "start restream.target", PLAY]
    assert bench.agent.status().situation.is_on_air is False
    go(bench.agent.tick)
    assert bench.agent.status().situation.is_on_air is True


def test_a_refusal_to_begin_another_broadcast_is_said(bench: AgentBench) -> None:
    """Like one of the first decision: the status has it at once, and the next look is soon."""
    fall_back(bench)
    bench.agent.look_again.clear()
    bench.machine.units["restream.target"] = "inactive"
    bench.machine.broken = frozenset({"start"})
    go(lambda: bench.agent.publish(hook(NEXT)))
    assert any("systemd refuses" in problem for problem in bench.agent.status().problems())
    assert bench.agent.look_again.is_set()


def test_a_publisher_that_nobody_knew_of_is_dropped_before_the_player_starts(bench: AgentBench) -> None:
    """Its hook was lost. The player that was begun plays its stream, so another is started."""
    fall_back(bench)
    bench.server.listed = (OBS,)
    go(lambda: bench.agent.publish(hook(NEXT)))
    assert (bench.server.dropped, bench.machine.calls) == (["c1"], [PLAY, PLAY])


def test_a_start_that_fails_is_said(bench: AgentBench) -> None:
    """As one after the look; the publisher is accepted, and the next look is soon."""
    fall_back(bench)
    bench.machine.broken = frozenset({"restart"})
    assert go(lambda: bench.agent.publish(hook(NEXT))) == [""]
    assert any("systemd refuses" in problem for problem in bench.agent.status().problems())


def test_a_start_that_the_decision_does_not_have_is_no_other_events(bench: AgentBench) -> None:
    """The broadcast ends meanwhile: the next publish starts a player of its own."""
    fall_back(bench)
    bench.machine.units["restream-off-air.service"] = "activating"
    go(lambda: bench.agent.publish(hook(NEXT)))
    assert bench.machine.calls == [PLAY]
    bench.machine.units["restream-off-air.service"] = "inactive"
    go(bench.agent.tick)
    bench.machine.calls.clear()
    go(lambda: bench.agent.publish(hook(replace(NEXT, client_id="c3"))))
    assert PLAY in bench.machine.calls
