"""A publish: what is done before its answer, and the requests of the operator that it makes obsolete."""

from pathlib import Path

from restream_agent.base import paths
from tests.unit.agent.test_agent import NEXT, OBS, AgentBench, bench, go, hook

__all__ = ["bench"]


def test_a_publish_is_answered_before_systemd_is_asked(bench: AgentBench) -> None:
    """But after another publisher was disconnected. SRS may lose a stream whose hook is answered late."""
    bench.server.listed = (NEXT,)
    seen: list[tuple[list[str], list[str]]] = []

    async def publish() -> None:
        await bench.agent.publish(hook(OBS))
        seen.append((bench.server.dropped.copy(), bench.machine.calls.copy()))

    go(publish)
    assert (seen, len(bench.machine.calls)) == ([(["c2"], [])], 2)


def test_a_publish_clears_the_operators_requests(bench: AgentBench) -> None:
    """The requests "open" and "end" are files of root, which a unit of root removes at a new publish."""
    (Path(paths.OPERATOR) / "end").touch()
    go(lambda: bench.agent.publish(hook(OBS)))
    assert bench.machine.calls[0] == "start restream-forget.service"


def test_a_publish_without_an_operators_request_clears_nothing(bench: AgentBench) -> None:
    """Root is asked for nothing."""
    go(lambda: bench.agent.publish(hook(OBS)))
    assert "start restream-forget.service" not in bench.machine.calls
