"""Channels that look at the same time share one look, and none waits for what another does."""

import asyncio
import threading
from dataclasses import dataclass, field
from functools import partial
from subprocess import CompletedProcess
from typing import Any

import pytest

from restream_agent.agent.joint_look import JointCall, JointLook
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.systemctl import Systemd
from tests.unit.agent.channels_running import CHANNELS, SeveralChannels, StuckSystemctl, several
from tests.unit.agent.test_agent import FakeIngest, go, hook
from tests.unit.agent.test_channels import ES, OBS, publish

__all__ = ["several"]


async def tick_all(running: SeveralChannels) -> None:
    """Have all channels tick at the same time."""
    await asyncio.gather(*(channel.tick() for channel in running.channels.values()))


def test_one_look_is_enough_for_all_channels(several: SeveralChannels) -> None:
    """One systemctl and one request to the server; each channel sees its own units in the answer."""
    publish(several, OBS, ES)
    looks, asked = several.machine.looks, several.server.asked
    go(partial(tick_all, several))
    assert (several.machine.looks - looks, several.server.asked - asked) == (1, 1)
    states = {name: channel.agent.status().state for name, channel in several.channels.items()}
    assert states == {"main": "on air", "es": "on air", "en": "off air"}
    assert several.server.dropped == []


def test_a_joint_look_names_each_unit_once() -> None:
    """systemctl shows a unit as often as it is named; a pattern is for the instances of all channels."""
    asked = list[str]()

    def runner(argv: tuple[str, ...], **_: Any) -> CompletedProcess[str]:
        asked.extend(argv[argv.index("--") + 1 :])
        return CompletedProcess(argv, 0, "")

    joint = JointLook(FakeIngest().publishers, Systemd(runner), CHANNELS)
    go(lambda: joint.units(CHANNELS[1]))
    assert len(asked) == len(set(asked))
    assert {"restream.target", "restream@es.target", "restream@en.target", "live@*.service"} < set(asked)
    assert "live@es.service" not in asked


def test_one_look_is_enough_for_the_status_of_all_channels(several: SeveralChannels) -> None:
    """They are asked for at the same time."""
    looks = several.machine.looks
    go(several.board.status)
    assert several.machine.looks - looks == 1


def test_a_look_that_fails_is_told_to_each_channel(
    several: SeveralChannels, caplog: pytest.LogCaptureFixture
) -> None:
    """Each logs it, and remembers when it looked last."""
    several.machine.broken = frozenset({"show"})
    go(partial(tick_all, several))
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3


def test_a_channel_that_waits_for_systemd_holds_up_no_other_s_look(several: SeveralChannels) -> None:
    """It looks once its turn comes; the others look together without it."""
    several.machine.stuck = "restream@es.target"

    async def walk() -> None:
        waiting = asyncio.create_task(several.board.publish(hook(ES)))
        await asyncio.sleep(0.1)
        looks = several.machine.looks
        others = [channel.tick() for name, channel in several.channels.items() if name != "es"]
        own = asyncio.create_task(several.channels["es"].tick())
        async with asyncio.timeout(10):
            await asyncio.gather(*others)
        assert (several.machine.looks - looks, own.done()) == (1, False)
        several.machine.answers.set()
        await asyncio.gather(waiting, own)

    asyncio.run(walk())


@dataclass
class LookingSystemctl(StuckSystemctl):
    """A systemctl whose looks at all channels begin with `is_looking`, and end when `answers` is set."""

    is_looking: threading.Event = field(default_factory=threading.Event)

    def run(self, argv: tuple[str, ...], **options: Any) -> CompletedProcess[str]:
        if argv[1] == "show" and "restream@es.target" in argv and "restream.target" in argv:
            self.is_looking.set()
            self.answers.wait(20)
        return super().run(argv, **options)


def test_a_hook_waits_for_no_look_at_other_channels(several: SeveralChannels) -> None:
    """It looks at the units of its own channel, whose turn it has."""
    machine = several.machine = LookingSystemctl()
    several.begin((several.channels["main"].channel, several.channels["es"].channel))

    async def walk() -> None:
        ticking = asyncio.create_task(several.channels["main"].tick())
        assert await asyncio.to_thread(machine.is_looking.wait, 10)
        async with asyncio.timeout(10):
            assert await several.board.publish(hook(ES)) == ""
        assert not ticking.done()
        several.machine.answers.set()
        await ticking

    asyncio.run(walk())


def test_who_asks_during_a_call_gets_a_newer_answer() -> None:
    """And waits for no older one."""
    begun, may_end = list[int](), asyncio.Event()

    async def call() -> int:
        begun.append(len(begun))
        number = len(begun)
        if number == 1:
            await may_end.wait()
        return number

    async def walk() -> list[int]:
        joint = JointCall(call)
        first = [asyncio.create_task(joint()) for _ in range(2)]
        while not begun:
            await asyncio.sleep(0)
        later = await joint()
        may_end.set()
        return [later, *await asyncio.gather(*first)]

    assert asyncio.run(walk()) == [2, 1, 1]


def test_who_is_cancelled_takes_nobody_s_answer_away() -> None:
    """The others wait for the same call."""
    may_end = asyncio.Event()

    async def call() -> str:
        await may_end.wait()
        raise RestreamError("systemd does not answer")

    async def walk() -> None:
        joint = JointCall(call)
        gone, waiting = (asyncio.create_task(joint()) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        may_end.set()
        with pytest.raises(RestreamError):
            await waiting

    asyncio.run(walk())
