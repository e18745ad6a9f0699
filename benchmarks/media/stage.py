"""One size on every tool at once: each tool in a container of its own, all at the same time."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.bench import Bench
from benchmarks.media import clip, decoding
from benchmarks.media.broadcast import APART_SECONDS, CYCLE_SECONDS, Broadcast, Record
from benchmarks.media.clip import Size
from benchmarks.media.install import CACHE
from benchmarks.media.ours import RestreamAgent
from benchmarks.media.packets import Reception, reception
from benchmarks.media.sessions import Sessions
from benchmarks.media.tool import Stage, Tool
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.lab.platform import PlatformServer

NAMES = ("alpha", "beta")
FIRST_PORT = 21000
WARM_SECONDS = 8.0
INSTALLS = 3  # at once: they take the processor, and wait
BEGUN_SECONDS = 5.0  # by then the preparation of the fallback has begun
PREPARE_SECONDS = 120.0


@dataclass
class Played:
    """One tool's broadcast in one size: the record, and what each platform received."""

    tool: str
    size: str
    record: Record
    receptions: dict[str, Reception] = field(default_factory=dict)
    decode_messages: list[str] = field(default_factory=list)
    failed: str = ""


@dataclass
class _Running:
    tool: Tool
    stage: Stage
    broadcast: Broadcast | None = None
    failed: str = ""


def play(tools: Iterable[Tool], size: Size, cycles: int, bench: Bench) -> list[Played]:
    """Play the cycles on every tool; a tool that cannot begin is reported as failed."""
    work, screen = bench.work, bench.screen
    live = clip.live(size, work / f"{size.name}.flv")
    fallback = clip.fallback(size, work / f"{size.name}-fallback.flv")
    with ExitStack() as stack:
        running = []
        for tool in tools:
            container = stack.enter_context(Container())
            (container.shared / "live.flv").write_bytes(live.read_bytes())
            (container.shared / "fallback.flv").write_bytes(fallback.read_bytes())
            running.append(_Running(tool, Stage(container, _platforms(container, tool), size, CACHE)))
        stop = threading.Event()
        try:
            _at_once(INSTALLS, lambda one: _start(one, stop, screen), running)
            screen.line(f"{size.name}: {cycles} cycles of {CYCLE_SECONDS:g} s on {len(running)} tools")
            delays = {one.tool.name: APART_SECONDS * at for at, one in enumerate(running)}
            _at_once(len(running), lambda one: _play(one, cycles, delays[one.tool.name]), running)
        except BaseException:
            stop.set()  # Ctrl-C: the threads end when their containers do
            stack.close()
            raise
        screen.line(f"{size.name}: measured, read what the platforms received")
        return _collected(running)


def _at_once(threads: int, work: Callable[["_Running"], None], running: list["_Running"]) -> None:
    """Do the work for each tool in threads. On an error or Ctrl-C it returns without waiting for them."""
    pool = ThreadPoolExecutor(threads)
    try:
        for done in [pool.submit(work, one) for one in running]:
            done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _platforms(container: Container, tool: Tool) -> tuple[PlatformServer, ...]:
    return tuple(
        PlatformServer(
            container,
            name,
            key=key,
            port=FIRST_PORT + 10 * number,
            records=False,
            application=tool.application,
            is_shared=tool.needs_shared_key,
        )
        for number, (name, key) in enumerate(zip(NAMES, tool.keys, strict=True))
    )


def _start(one: _Running, stop: threading.Event, screen: Screen) -> None:
    """Start platforms and tool, publish, and wait until it is steady."""
    stage = one.stage
    try:
        for platform in stage.platforms:
            platform.start()
        target = one.tool.start(stage)
        sessions = Sessions(stage.container, target, stage.container.shared / "live.flv")
        one.broadcast = Broadcast(one.tool, stage, sessions, stop)
        one.broadcast.begin()
        if isinstance(one.tool, RestreamAgent):
            tool = one.tool
            one.broadcast.watch(BEGUN_SECONDS)
            stage.container.wait_until(lambda: tool.prepared(stage), PREPARE_SECONDS, "the fallback")
        screen.line(f"{one.tool.name}: started")
    except LabError as error:
        one.failed, one.broadcast = str(error), None
        screen.line(f"{one.tool.name}: {error}", "bad")


def _play(one: _Running, cycles: int, delay: float) -> None:
    broadcast = one.broadcast
    if broadcast is None:
        return
    try:
        broadcast.watch(WARM_SECONDS)
        if one.tool.killed:
            broadcast.play(cycles, delay)
        else:
            broadcast.play_steadily(cycles * CYCLE_SECONDS)
    except LabError as error:
        one.failed = str(error)
    broadcast.end()


def _collected(running: list[_Running]) -> list[Played]:
    with ProcessPoolExecutor(2) as pool:
        taps = {
            (one.tool.name, platform.name): pool.submit(reception, platform.directory / "tap")
            for one in running
            for platform in one.stage.platforms
        }
        messages = {
            one.tool.name: pool.submit(decoding.messages, one.stage.platforms[0].directory, *cycle)
            for one in running
            if (cycle := _first_cycle(one))
        }
        return [
            Played(
                one.tool.name, one.stage.size.name, one.broadcast.record if one.broadcast else Record(),
                {name: taps[one.tool.name, name].result() for name in NAMES},
                messages[one.tool.name].result() if one.tool.name in messages else [],
                one.failed,
            )
            for one in running
        ]  # fmt: skip


def _first_cycle(one: _Running) -> tuple[float, float] | None:
    record = one.broadcast.record if one.broadcast else Record()
    ends = [event.until for event in record.events if event.kind == "restart"]
    return (record.began, ends[0]) if ends else None
