"""The agent as a service: startup, main loop and shutdown, without systemd and without an ingest server."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from restream_agent.agent import decide, joint_look
from restream_agent.agent import service as service_module
from restream_agent.agent.credentials import HookCredentials
from restream_agent.agent.service import AgentService
from restream_agent.agent.sockets import AgentSockets, take_sockets
from restream_agent.agent.systemd_reports import SystemdReports
from restream_agent.base import channel_paths
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.channels import Channel
from restream_agent.wire import records
from tests.lab.deadline import wait_until
from tests.unit.agent.reports import program
from tests.unit.agent.test_agent import SETTINGS, FakeSystemctl


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[AgentSockets]:
    """Return the three sockets that systemd would pass."""
    hooks = socket.create_server(("127.0.0.1", 0))
    program = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    program.bind(str(tmp_path / "telemetry.sock"))
    progress = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    progress.bind(("127.0.0.1", 0))
    for listening in (hooks, program, progress):
        listening.setblocking(False)
    yield AgentSockets(hooks, {"main": program}, progress)
    for listening in (hooks, program, progress):
        listening.close()


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return the list to which all that the agent reports to systemd is added."""
    receiving = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiving.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setattr(channel_paths, "MAIN_PATHS", replace(channel_paths.MAIN_PATHS, runtime=str(tmp_path)))
    messages: list[str] = []

    def receive() -> None:
        while message := receiving.recv(4096):
            messages.append(message.decode())

    thread = threading.Thread(target=receive)
    thread.start()
    yield messages
    receiving.shutdown(socket.SHUT_RDWR)
    thread.join()
    receiving.close()


def service(tmp_path: Path, sockets: AgentSockets, machine: FakeSystemctl) -> AgentService:
    settings = replace(SETTINGS, api="http://127.0.0.1:1", source=str(tmp_path / "restream.toml"))
    credentials = HookCredentials("token", None)
    return AgentService({Channel(): settings}, credentials, sockets, machine.run, tmp_path)


async def health(sockets: AgentSockets, *, until: str) -> httpx.Response:
    """Request /healthz until the answer holds some words."""
    host, port = sockets.hooks.getsockname()
    async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as client:
        while True:
            answer = await client.get(f"http://{host}:{port}/healthz")
            if until in answer.text:
                return answer
            await asyncio.sleep(0.05)


def test_the_agent_serves_until_it_is_told_to_stop(
    tmp_path: Path, sockets: AgentSockets, reports: list[str]
) -> None:
    """It reports readiness and status, answers requests, and reports that it is stopping."""

    async def walk() -> httpx.Response:
        agent = service(tmp_path, sockets, FakeSystemctl())
        serving = asyncio.create_task(agent.serve())
        answer = await health(sockets, until="ingest")
        agent.stop()
        await serving
        return answer

    answer = asyncio.run(walk())
    assert (answer.status_code, answer.text) == (503, "the ingest server does not answer\n")
    wait_until(lambda: "STOPPING=1" in reports, 20, "STOPPING=1")
    assert reports.index("READY=1") < reports.index("STATUS=off air") < reports.index("STOPPING=1")
    assert "WATCHDOG=1" in reports


def test_systemd_hears_a_status_when_it_has_changed(reports: list[str]) -> None:
    """Each word wakes it up, and with many channels the agent looks for a new status all the time."""
    told = SystemdReports()
    for words in ("off air", "off air", "live", "off air"):
        told.status(words)
    told.stopping()
    wait_until(lambda: "STOPPING=1" in reports, 20, "STOPPING=1")
    assert reports == ["STATUS=off air", "STATUS=live", "STATUS=off air", "STOPPING=1"]


def test_several_channels_are_served_by_one_process(
    tmp_path: Path, sockets: AgentSockets, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd's line names them, and each hears its own program."""
    monkeypatch.setattr(channel_paths, "CHANNELS_RUNTIME", str(tmp_path / "channels"))
    settings = replace(SETTINGS, api="http://127.0.0.1:1", source=str(tmp_path / "restream.toml"))
    channels = {Channel("main", frozenset({"es"})): settings, Channel("es"): settings}
    said, heard = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.setblocking(False)

    async def walk() -> str:
        several = replace(sockets, programs={**sockets.programs, "es": heard})
        machine = FakeSystemctl(units={"restream@es.target": "active"})
        credentials = HookCredentials("token", None, {"es": "key"})
        agent = AgentService(channels, credentials, several, machine.run, tmp_path)
        serving = asyncio.create_task(agent.serve())
        await health(sockets, until="es: on air, but the program says nothing")
        said.send(records.to_datagram(program(source="live")))
        words = "STATUS=main: off air; es: live"
        await asyncio.to_thread(wait_until, lambda: words in reports, 10, words)
        answer = await health(sockets, until="ingest")
        agent.stop()
        await serving
        return answer.text

    with said, heard:
        assert asyncio.run(walk()) == "the ingest server does not answer\n"
    assert reports.index("READY=1") < reports.index("STATUS=main: off air; es: live")


def test_the_ticks_of_all_channels_share_their_looks(
    tmp_path: Path, sockets: AgentSockets, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come at the same time, so systemd is asked as often as for one channel."""
    monkeypatch.setattr(channel_paths, "CHANNELS_RUNTIME", str(tmp_path / "channels"))
    monkeypatch.setattr(service_module, "_TICK_EVERY", 0.5)
    monkeypatch.setattr(joint_look, "MEET_WITHIN", 0.2)
    settings = replace(SETTINGS, api="http://127.0.0.1:1", source=str(tmp_path / "restream.toml"))
    others = {"es": "key", "en": "key"}
    channels = dict.fromkeys((Channel("main", frozenset(others)), *map(Channel, others)), settings)
    machine = FakeSystemctl()

    async def walk() -> float:
        agent = AgentService(channels, HookCredentials("token", None, others), sockets, machine.run, tmp_path)
        began = time.monotonic()
        serving = asyncio.create_task(agent.serve())
        await asyncio.to_thread(wait_until, lambda: machine.looks >= 6, 20, "six looks")
        took = time.monotonic() - began
        await health(sockets, until="ingest")
        agent.stop()
        await serving
        return took

    # Alone, each would have looked twice after half a second.
    assert asyncio.run(walk()) > 1.0
    assert "READY=1" in reports


@dataclass
class SlowSystemctl(FakeSystemctl):
    """A systemctl that answers once `answers` is set."""

    answers: threading.Event = field(default_factory=threading.Event)

    def run(self, argv: tuple[str, ...], **options: Any) -> CompletedProcess[str]:
        self.answers.wait(20)
        return super().run(argv, **options)


def test_the_agent_is_not_ready_before_its_first_look(
    tmp_path: Path, sockets: AgentSockets, reports: list[str]
) -> None:
    """Until then it answers requests, but neither /healthz nor systemd is told that it is ready."""
    machine = SlowSystemctl()

    async def walk() -> list[str]:
        agent = service(tmp_path, sockets, machine)
        serving = asyncio.create_task(agent.serve())
        await health(sockets, until="not ready")
        before = list(reports)
        machine.answers.set()
        await health(sockets, until="ingest")
        agent.stop()
        await serving
        return before

    assert "READY=1" not in asyncio.run(walk())
    assert "READY=1" in reports


class BrokenSystemctl(FakeSystemctl):
    """A systemctl whose call raises an error that no part of the agent expects."""

    def run(self, *_: Any, **__: Any) -> CompletedProcess[str]:
        raise ZeroDivisionError


def test_an_endless_task_that_fails_ends_the_agent(
    tmp_path: Path, sockets: AgentSockets, reports: list[str]
) -> None:
    """Its error is raised, so that systemd restarts the agent."""
    with pytest.raises(ZeroDivisionError):
        asyncio.run(service(tmp_path, sockets, BrokenSystemctl()).serve())
    wait_until(lambda: "STOPPING=1" in reports, 20, "STOPPING=1")


def test_without_systemds_sockets_there_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent was started by hand."""
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "0")
    with pytest.raises(RestreamError, match="did not pass the agent's sockets") as caught:
        take_sockets()
    assert "restream-agent.socket" in caught.value.hint


class StuckChannelSystemctl(SlowSystemctl):
    """A systemctl that changes units of the channel es once `answers` is set, and does all else at once."""

    def run(self, argv: tuple[str, ...], **options: Any) -> CompletedProcess[str]:
        if argv[1] == "show" or not any("@es" in word for word in argv):
            return FakeSystemctl.run(self, argv, **options)
        return super().run(argv, **options)


def test_a_channel_whose_first_tick_is_late_holds_up_no_other(
    tmp_path: Path, sockets: AgentSockets, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent waits for it for a while, and is ready then; that channel is reported as stuck.

    A player of es is left that was woken just before off-air, and systemd does not stop it.
    """
    monkeypatch.setattr(decide, "UNREACHABLE", 0.0)
    monkeypatch.setattr(channel_paths, "CHANNELS", str(tmp_path / "settings"))
    (tmp_path / "settings/es").mkdir(parents=True)
    Path(channel_paths.paths_of("es").agent_settings).touch()
    monkeypatch.setattr(channel_paths, "CHANNELS_RUNTIME", str(tmp_path / "channels"))
    for name, seconds in (("_READY_WITHIN", 0.2), ("_TICK_EVERY", 0.1), ("_STALE", 0.5)):
        monkeypatch.setattr(service_module, name, seconds)
    settings = replace(SETTINGS, api="http://127.0.0.1:1", source=str(tmp_path / "restream.toml"))
    channels = {Channel("main", frozenset({"es"})): settings, Channel("es"): settings}
    machine = StuckChannelSystemctl(units={"live@es.service": "active"})

    async def walk() -> None:
        credentials = HookCredentials("token", None, {"es": "key"})
        agent = AgentService(channels, credentials, sockets, machine.run, tmp_path)
        serving = asyncio.create_task(agent.serve())
        await health(sockets, until="es: the last look at systemd was")
        machine.answers.set()
        agent.stop()
        await serving

    asyncio.run(walk())
    assert "READY=1" in reports
    assert "STATUS=main: off air" in reports
