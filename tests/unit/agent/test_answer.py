"""A publish: what is done before its answer, and the requests of the operator that it makes obsolete."""

import asyncio
import threading
from dataclasses import dataclass, field
from subprocess import CompletedProcess
from typing import Any

import pytest

from restream_agent.agent import agent
from restream_agent.agent.actor import READY_WITHIN
from restream_agent.base.errors import SlowCommandError
from tests.unit.agent.test_agent import NEXT, OBS, AgentBench, FakeSystemctl, bench, go, hook

__all__ = ["bench"]


PLAY = "restart live@main.service"


@dataclass
class LateSystemctl(FakeSystemctl):
    """A systemctl that is done with `live@` once `is_ready`.

    `limits` are the time limits of changes, by unit.
    """

    is_ready: threading.Event = field(default_factory=threading.Event)
    patience: float = 10.0
    limits: dict[str, float] = field(default_factory=dict)
    is_blocking: dict[str, bool] = field(default_factory=dict)

    def run(self, argv: tuple[str, ...], **options: Any) -> CompletedProcess[str]:
        done = super().run(argv, **options)
        unit = argv[-1]
        self.limits[unit] = options["timeout"]
        self.is_blocking[unit] = "--no-block" not in argv
        is_late = argv[1] != "show" and unit == "live@main.service"
        if is_late and not self.is_ready.wait(self.patience):
            raise SlowCommandError(argv, "gave no answer")
        return done


def late(bench: AgentBench) -> LateSystemctl:
    """Give the bench an agent whose `live@` is late."""
    bench.machine = machine = LateSystemctl()
    bench.agent = bench.restarted()
    return machine


def test_a_publish_is_answered_once_live_plays(bench: AgentBench) -> None:
    """After another publisher was disconnected, and before everything else that systemd is asked for."""
    machine = late(bench)
    bench.server.listed = (NEXT,)

    async def publish() -> None:
        answer = asyncio.create_task(bench.agent.publish(hook(OBS)))
        while PLAY not in machine.calls:
            await asyncio.sleep(0)
        assert (bench.server.dropped, answer.done()) == (["c2"], False)
        machine.is_ready.set()
        assert await asyncio.wait_for(answer, 5) == ""

    go(publish)
    assert machine.calls == ["start restream.target", PLAY]


def test_the_answer_does_not_wait_longer_than_its_bound(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd may be busy for seconds, and SRS may forget the stream meanwhile."""
    machine = late(bench)
    monkeypatch.setattr(agent, "ANSWERED_WITHIN", 0.01)

    async def publish() -> None:
        assert await bench.agent.publish(hook(OBS)) == ""
        assert not machine.is_ready.is_set()
        machine.is_ready.set()

    go(publish)
    assert machine.calls[-1] == PLAY


def test_only_the_restart_of_live_is_waited_for(bench: AgentBench) -> None:
    """And not for long, so that the next event has its turn."""
    machine = late(bench)
    machine.is_ready.set()
    go(lambda: bench.agent.publish(hook(OBS)))
    waited = {unit for unit, is_blocking in machine.is_blocking.items() if is_blocking and "@*" not in unit}
    assert waited == {"live@main.service"}
    assert machine.limits["live@main.service"] == READY_WITHIN


def test_a_live_that_is_late_is_not_a_refusal(bench: AgentBench, caplog: pytest.LogCaptureFixture) -> None:
    """A warning, and a look soon; systemd goes on with the start."""
    machine = late(bench)
    machine.patience = 0.01
    go(lambda: bench.agent.publish(hook(OBS)))
    assert not any("systemd refuses" in problem for problem in bench.agent.status().problems())
    assert "gave no answer" in caplog.text
    assert bench.agent.look_again.is_set()


def test_a_publish_clears_the_operators_requests(bench: AgentBench) -> None:
    """The requests "open" and "end" are files of root, which a unit of root removes at a new publish."""
    (bench.runtime / "operator/end").touch()
    go(lambda: bench.agent.publish(hook(OBS)))
    assert bench.machine.calls[-1] == "start restream-forget.service"


def test_a_publish_without_an_operators_request_clears_nothing(bench: AgentBench) -> None:
    """Root is asked for nothing."""
    go(lambda: bench.agent.publish(hook(OBS)))
    assert "start restream-forget.service" not in bench.machine.calls
