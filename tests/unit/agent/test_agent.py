"""The agent between the ingest server and systemd: it observes, acts, survives failures and remembers."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from restream_agent.agent.agent import MOST_ARRIVING, Agent
from restream_agent.agent.hook_formats import Hook
from restream_agent.agent.joint_look import JointLook
from restream_agent.agent.observer import Surroundings
from restream_agent.agent.refusals import Refusals
from restream_agent.agent.situation import Publisher
from restream_agent.agent.stream_keeper import StreamKeeper
from restream_agent.agent.telemetry import Telemetry
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire import records
from restream_agent.wire.settings import AgentSettings

OBS = Publisher("c1", "main", "192.0.2.1")
NEXT = Publisher("c2", "main", "192.0.2.1")
SETTINGS = AgentSettings(
    api="", rtmp="", hold=60.0, relays={"twitch": "127.64.0.1"}, stall=20.0, server="srs", source="",
    standby=False, matches_live=False, takes_any_key=False, silence=15.0, notifies=False,
    listen="0.0.0.0:1935", credentials={"twitch": "twitch"},
)  # fmt: skip


@dataclass
class FakeIngest:
    """An ingest server. It does not answer while `listed` is None."""

    listed: tuple[Publisher, ...] | None = ()
    dropped: list[str] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
    asked: int = 0
    asking: int = 0
    most_asking: int = 0

    async def publishers(self) -> tuple[Publisher, ...]:
        self.asked += 1
        self.asking += 1
        self.most_asking = max(self.most_asking, self.asking)
        await asyncio.sleep(0)
        self.asking -= 1
        if self.listed is None:
            raise RestreamError("the ingest server does not answer")
        return self.listed

    async def drop(self, publisher: Publisher) -> None:
        self.dropped.append(publisher.client_id)

    async def cut(self, stream: str) -> None:
        self.cuts.append(stream)


@dataclass
class FakeSystemctl:
    """systemctl on a table of units; the verbs in `broken` fail."""

    units: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    broken: frozenset[str] = frozenset()
    looks: int = 0

    def run(self, argv: tuple[str, ...], **_: Any) -> CompletedProcess[str]:
        if argv[1] in self.broken:
            raise CommandError(argv, "was ended by SIGTERM")
        if argv[1] == "show":
            since = "ActiveEnterTimestampMonotonic=1000000\nInvocationID=run-1"
            self.looks += 1
            blocks = [f"Id={unit}\nActiveState={state}\n{since}\n" for unit, state in self.units.items()]
            return CompletedProcess(argv, 0, "\n".join(blocks), "")
        words = [word for word in argv[1:] if not word.startswith("-")]
        verb, unit = words
        self.calls.append(f"{verb} {unit}")
        if verb in self.broken:
            raise CommandError(argv, "failed with exit status 1")
        self.units[unit] = "inactive" if verb == "stop" else "active"
        return CompletedProcess(argv, 0, "", "")


@dataclass
class AgentBench:
    """An agent with a fake ingest server and a fake systemctl.

    `restarted` makes the next agent, in the same runtime directory. `is_used` says that another channel is.
    """

    runtime: Path
    server: FakeIngest = field(default_factory=FakeIngest)
    machine: FakeSystemctl = field(default_factory=FakeSystemctl)
    settings: AgentSettings = SETTINGS
    passed: float = 0.0
    watches_server: bool = True
    is_used: bool = False

    def __post_init__(self) -> None:
        self.agent = self.restarted()

    def clock(self) -> float:
        """Return the monotonic clock, `passed` seconds ahead of the real one."""
        return time.monotonic() + self.passed

    def restarted(self) -> Agent:
        self.telemetry = Telemetry()
        self.refusals = Refusals()
        self.keeper = StreamKeeper("127.0.0.1:1935", self.runtime / "stream", Channel())
        return Agent(
            self.settings,
            self.server,
            Systemd(self.machine.run),
            self.telemetry,
            self.runtime,
            joint=JointLook(self.server.publishers, Systemd(self.machine.run), (Channel(),)),
            keeper=self.keeper,
            refusals=self.refusals,
            surroundings=Surroundings(self.runtime / "operator", self.watches_server, lambda: self.is_used),
            clock=self.clock,
        )


@pytest.fixture
def bench(tmp_path: Path) -> AgentBench:
    """Return a bench that is off air and has no request of the operator."""
    (tmp_path / "operator").mkdir()
    return AgentBench(tmp_path)


def hook(publisher: Publisher, kind: str = "publish") -> Hook:
    """Return a hook that the HTTP side has accepted."""
    return Hook(kind, "live", publisher)


def go(*steps: Callable[[], Coroutine[Any, Any, Any]]) -> list[Any]:
    """Run the steps one after another, and what they leave to do."""

    async def walk() -> list[Any]:
        results = [await step() for step in steps]
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        return results

    return asyncio.run(walk())


def test_a_publish_puts_the_broadcast_on_air(bench: AgentBench) -> None:
    """The publish is accepted, and systemd is asked to start the target and the puller."""
    assert go(lambda: bench.agent.publish(hook(OBS))) == [""]
    assert bench.machine.calls == ["start restream.target", "restart live@main.service"]
    assert bench.agent.status().publisher == OBS


def test_a_takeover_drops_the_stale_publisher(bench: AgentBench) -> None:
    """The ingest server is asked to drop it before the new publisher is accepted."""
    bench.server.listed = (OBS,)
    go(lambda: bench.agent.publish(hook(NEXT)))
    assert bench.server.dropped == ["c1"]


def test_a_systemctl_that_fails_does_not_stop_the_agent(bench: AgentBench) -> None:
    """The other actions are performed, and the next tick performs the failed one again."""
    bench.machine.broken = frozenset({"start"})
    bench.server.listed = (OBS,)
    assert go(lambda: bench.agent.publish(hook(OBS))) == [""]
    assert bench.machine.calls == ["start restream.target", "restart live@main.service"]
    (problem,) = bench.agent.status().problems()
    assert problem.startswith("systemd refuses what the agent asks for: ")
    bench.machine.broken = frozenset()
    go(bench.agent.tick)
    assert bench.machine.units["restream.target"] == "active"
    go(bench.agent.tick)
    assert bench.agent.status().systemd_refusal == ""


def test_a_publisher_is_not_refused_because_systemd_does_not_answer(bench: AgentBench) -> None:
    """systemd does not answer while it re-executes itself. The agent looks again soon."""
    bench.machine.broken = frozenset({"show", "start", "restart"})
    assert go(lambda: bench.agent.publish(hook(OBS))) == [""]
    assert bench.agent.status().publisher == OBS
    assert bench.agent.look_again.is_set()


def test_the_end_of_a_stream_does_not_wait_for_systemd(bench: AgentBench) -> None:
    """The server ends the puller's stream, unless the stream belongs to another publisher by now."""
    bench.machine.broken = frozenset({"show", "stop"})
    go(lambda: bench.agent.publish(hook(NEXT)), lambda: bench.agent.unpublish(hook(OBS, "unpublish")))
    assert bench.server.cuts == []
    go(lambda: bench.agent.unpublish(hook(NEXT, "unpublish")))
    assert bench.server.cuts == ["main"]


def test_memory_survives_a_restart(bench: AgentBench) -> None:
    """A restarted agent, too, ignores a late unpublish of the displaced publisher."""
    go(lambda: bench.agent.publish(hook(OBS)), lambda: bench.agent.publish(hook(NEXT)))
    agent = bench.restarted()
    bench.machine.calls.clear()
    go(lambda: agent.unpublish(hook(OBS, "unpublish")))
    assert bench.machine.calls == []
    assert agent.status().publisher == NEXT


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"client": 1}', b"\xff", b"null"])
def test_a_memory_that_cannot_be_read_is_empty(bench: AgentBench, content: bytes) -> None:
    """The agent then relies on the server's list."""
    (bench.runtime / "memory.json").write_bytes(content)
    assert bench.restarted().status().publisher is None


def test_a_memory_that_cannot_be_written_does_not_refuse_a_publisher(bench: AgentBench) -> None:
    """A full tmpfs is logged, and OBS goes on air."""
    (bench.runtime / "memory.json").mkdir()
    assert go(lambda: bench.agent.publish(hook(OBS))) == [""]
    assert bench.machine.units["live@main.service"] == "active"


def test_a_tick_in_a_steady_broadcast_changes_no_unit(bench: AgentBench) -> None:
    """The only systemctl call is the one that reads the units."""
    bench.server.listed = (OBS,)
    go(bench.agent.tick)
    bench.machine.calls.clear()
    go(bench.agent.tick)
    assert bench.machine.calls == []


def test_hooks_that_come_at_once_are_handled_one_at_a_time(bench: AgentBench) -> None:
    """No event is looked at while another is decided; the last publisher is current."""

    async def storm() -> None:
        publishers = [Publisher(f"c{number}", "main") for number in range(MOST_ARRIVING)]
        await asyncio.gather(*(bench.agent.publish(hook(publisher)) for publisher in publishers))

    asyncio.run(storm())
    assert bench.server.most_asking == 1
    assert bench.agent.status().publisher == Publisher("c7", "main")
    assert json.loads((bench.runtime / "memory.json").read_text()) == {
        "client_id": "c7",
        "stream": "main",
        "address": "",
    }


def test_a_server_that_does_not_answer_ends_nothing_at_once(bench: AgentBench) -> None:
    """A tick while the server restarts changes nothing, and the status says that the server is down."""
    go(lambda: bench.agent.publish(hook(OBS)))
    bench.machine.calls.clear()
    bench.server.listed = None
    go(bench.agent.tick)
    assert bench.machine.calls == []
    assert bench.agent.status().as_json()["ingest"] == "down"


def test_the_servers_answers_count_while_systemd_does_not_answer(bench: AgentBench) -> None:
    """A minute in which only systemd was silent is not a minute without an answer from the server."""

    async def look() -> None:
        await bench.agent.publish(hook(OBS))
        await bench.agent.refresh()
        bench.machine.calls.clear()
        bench.passed, bench.machine.broken = 60.0, frozenset({"show"})
        with pytest.raises(RestreamError):
            await bench.agent.tick()
        bench.machine.broken, bench.server.listed = frozenset(), None
        await bench.agent.tick()

    asyncio.run(look())
    assert bench.machine.calls == []


def test_names_that_cannot_be_part_of_a_unit_name_are_ignored(bench: AgentBench) -> None:
    """A unit that a user started by hand, and a publisher that the agent never accepted."""
    bench.machine.units = {"live@a\\x20b.service": "active", "restream.target": "active"}
    bench.server.listed = (Publisher("c9", "a b"),)
    go(bench.agent.tick)
    assert bench.machine.calls == ["start restream-off-air.timer"]


def test_a_publish_asks_for_a_second_look(bench: AgentBench) -> None:
    """The publish may have arrived while the broadcast was being ended."""
    go(lambda: bench.agent.publish(hook(OBS)))
    assert bench.agent.look_again.is_set()


@pytest.mark.parametrize("content", ["", "{}", "[]", "[1]", '{"relays": null}', '{"relays": [], "new": 1}'])
def test_settings_of_another_version_are_an_error_that_the_caller_expects(content: str) -> None:
    """`run` turns TypeError and ValueError into a message with a hint."""
    with pytest.raises((TypeError, ValueError)):
        records.parse(AgentSettings, content)
