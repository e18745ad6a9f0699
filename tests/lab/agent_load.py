"""What the agent's process costs with many channels, without systemd and without media.

Run as `python -m tests.lab.agent_load [CHANNELS…]`; with `idle` in front the channels are off air, with
`profile` the functions are listed that cost most. The agent is the real one. systemctl is a `cat` of what
`systemctl show` prints, so a look costs a process here, too, but less than a systemctl. Another process is
nginx's stat page, the programs and the relays' ffmpegs. With `shown` in front the agent has each unit shown
at every look, as it did before there was systemd/remembered_units.py.
"""

import asyncio
import cProfile
import multiprocessing
import os
import pstats
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from restream_agent.agent.credentials import HookCredentials
from restream_agent.agent.service import AgentService
from restream_agent.agent.sockets import AgentSockets
from restream_agent.base.process import run
from restream_agent.systemd.remembered_units import RememberedUnits
from restream_agent.wire import records
from restream_agent.wire.passed_mark import PassedMark
from restream_agent.wire.program_report import MarkReport
from tests.lab.loaded_machine import RELAYS, LoadedMachine
from tests.unit.agent.reports import live, program, relay
from tests.unit.agent.test_agent import SETTINGS

SECONDS = 20.0
_SETTLED = 6.0


class PrintingSystemctl:
    """A process for each look, which prints the units of the machine."""

    def __init__(self, machine: LoadedMachine) -> None:
        self._machine = machine
        self.looks = self.units = 0
        self.others = 0

    def __call__(self, argv: tuple[str, ...], **_: Any) -> CompletedProcess[str]:
        asked = argv[argv.index("--") + 1 :] if "--" in argv else ()
        if argv[1] not in ("show", "list-units"):
            self.others += 1
            return CompletedProcess(argv, 0, "", "")
        if argv[1] == "list-units":
            return run(("cat",), timeout=10, input=self._machine.listed(asked))
        self.looks += 1
        self.units += len(asked)
        return run(("cat",), timeout=10, input=self._machine.shown(asked))


@dataclass(frozen=True)
class AgentLoad:
    """Processor time as a part of one core: of the agent and of its systemctls.

    `looks` and `units` are the calls of `show` in a second, and the units that they show.
    """

    channels: int
    own: float
    children: float
    looks: float
    units: float
    others: int

    def line(self) -> str:
        """Return the figures in one line."""
        return (
            f"{self.channels:3} channels: agent {self.own:6.2%} of a core, its systemctls "
            f"{self.children:6.2%}, {self.looks:5.2f} looks a second at {self.units:6.1f} "
            f"units, {self.others} changes of units"
        )


def measure(
    channels: int, *, is_on_air: bool, profile: cProfile.Profile | None = None, remembers: bool = True
) -> AgentLoad:
    """Run an agent, and measure it for SECONDS. It `remembers` units, or has them shown at every look."""
    machine = LoadedMachine.of(channels, is_on_air=is_on_air)
    with tempfile.TemporaryDirectory() as temporary, _world(machine, Path(temporary)) as world:
        return asyncio.run(_measure(machine, world, Path(temporary), profile, remembers=remembers))


async def _measure(
    machine: LoadedMachine,
    world: "AgentWorld",
    directory: Path,
    profile: cProfile.Profile | None,
    *,
    remembers: bool,
) -> AgentLoad:
    systemctl = PrintingSystemctl(machine)
    source = str(directory / "restream.toml")
    server = f"http://127.0.0.1:{world.stat_page.getsockname()[1]}"
    settings = {
        channel: replace(
            SETTINGS, api=server, server="nginx-rtmp", relays=machine.relays(channel), source=source
        )
        for channel in machine.channels
    }
    others = {channel.name: "key" for channel in machine.channels[1:]}
    machine.link_runs(directory)
    look = RememberedUnits(systemctl, directory) if remembers else None
    credentials = HookCredentials("token", "key", others)
    agent = AgentService(settings, credentials, world.sockets, systemctl, directory, look=look)
    serving = asyncio.create_task(agent.serve())
    await asyncio.sleep(_SETTLED)
    began, before = time.monotonic(), _spent()
    asked, shown = systemctl.looks, systemctl.units
    if profile:
        profile.enable()
    await asyncio.sleep(SECONDS)
    if profile:
        profile.disable()
    took, after = time.monotonic() - began, _spent()
    looks, units = systemctl.looks - asked, systemctl.units - shown
    agent.stop()
    await serving
    own, children = ((late - early) / took for early, late in zip(before, after, strict=True))
    return AgentLoad(len(machine.channels), own, children, looks / took, units / took, systemctl.others)


def _spent() -> tuple[float, float]:
    """Return the processor time of this process and of its children that have ended, in seconds."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own, children = (usage.ru_utime + usage.ru_stime for usage in usages)
    return own, children


@dataclass(frozen=True)
class AgentWorld:
    """The sockets between the agent and what is around it. `programs` are the ends of the programs."""

    machine: LoadedMachine
    sockets: AgentSockets
    programs: dict[str, socket.socket]
    stat_page: socket.socket
    notify: socket.socket

    def run(self) -> None:
        """Be the ingest server, the programs, the relays and systemd, until this process is ended."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        await asyncio.start_server(self._answer, sock=self.stat_page)
        asyncio.get_running_loop().add_reader(self.notify, self.notify.recv, 65536)
        if not self.machine.is_on_air:
            await asyncio.Event().wait()
        relays = {
            channel.name: [_sender(address) for address in self.machine.relays(channel).values()]
            for channel in self.machine.channels
        }
        step = 0
        while True:
            step += 1
            for name, senders in relays.items():
                # The programs and relays of a real machine do not report at the same moment.
                await asyncio.sleep(0.5 / len(relays))
                with suppress(BlockingIOError):
                    self.programs[name].send(_report(step))
                for sender in senders if step % 2 else ():
                    for datagram in _progress(step):
                        sender.sendto(datagram, self.sockets.progress.getsockname())

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                page = self._stat_page()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(page)}\r\n\r\n"
                writer.write(head.encode() + page)
                await writer.drain()
        writer.close()

    def _stat_page(self) -> bytes:
        row = (
            "<stream><name>{0}</name><client><id>{1}</id><address>192.0.2.1</address><publishing/></client>"
            "<client><id>9{1}</id><address>127.0.0.1</address></client></stream>"
        )
        names = [channel.name for channel in self.machine.channels] if self.machine.is_on_air else []
        rows = "".join(row.format(name, number) for number, name in enumerate(names, 1))
        return (
            "<rtmp><server><application><name>live</name><live>"
            f"{rows}</live></application></server></rtmp>".encode()
        )


def _sender(address: str) -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((address, 0))
    return sender


def _report(step: int) -> bytes:
    marks = tuple(MarkReport(step * 1000 + number, 8 + number % 2, step * 500) for number in range(4))
    connection = replace(relay(sent=step * 200_000), marks=marks)
    stream = live(
        size=step * 200_000, frames=step * 15, bitrate=3_000_000, frame_rate=30.0, width=1280, height=720,
        video_codec="h264", audio_codec="aac", profile="High", sample_rate=48000, channels=2, speed=1.0,
        measured_rate=30.0, keyframe_interval=2000, keyframe_age=700,
    )  # fmt: skip
    relays = {f"p{number}": connection for number in range(RELAYS)}
    report = program(source="live", position=step * 500, since=step * 500, live=stream, relays=relays)
    return records.to_datagram(report)


def _progress(step: int) -> Iterator[bytes]:
    yield (
        f"frame={step * 15}\nfps=30.00\nstream_0_0_q=-1.0\nbitrate=3000.1kbits/s\n"
        f"total_size={step * 200_000}\nout_time_us={step * 500_000}\nout_time_ms={step * 500_000}\n"
        "out_time=00:00:01.000000\ndup_frames=0\ndrop_frames=0\nspeed=1.00x\nprogress=continue\n"
    ).encode()
    for number in range(2):
        yield PassedMark(step * 1000 + number, step * 500).to_datagram()


@contextmanager
def _world(machine: LoadedMachine, directory: Path) -> Iterator[AgentWorld]:
    """Start the process around the agent."""
    pairs = {
        channel.name: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for channel in machine.channels
    }
    stat_page, hooks = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    progress = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    progress.bind(("127.0.0.1", 0))
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(directory / "notify"))
    os.environ["NOTIFY_SOCKET"] = str(directory / "notify")
    heard = {name: mine for name, (mine, _) in pairs.items()}
    for waiting in (hooks, progress, notify, *heard.values(), *(other for _, other in pairs.values())):
        waiting.setblocking(False)
    sockets = AgentSockets(hooks, heard, progress)
    world = AgentWorld(
        machine, sockets, {name: other for name, (_, other) in pairs.items()}, stat_page, notify
    )
    around = multiprocessing.get_context("fork").Process(target=world.run, daemon=True)
    around.start()
    try:
        yield world
    finally:
        around.kill()
        around.join()


def main(arguments: Sequence[str]) -> None:
    """Measure each number of channels, 1, 5 and 20 if none is given."""
    words = [word for word in arguments if not word.isdigit()]
    profile = cProfile.Profile() if "profile" in words else None
    for channels in [int(word) for word in arguments if word.isdigit()] or [1, 5, 20]:
        done = measure(
            channels, is_on_air="idle" not in words, profile=profile, remembers="shown" not in words
        )
        print(done.line(), flush=True)
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main(sys.argv[1:])
