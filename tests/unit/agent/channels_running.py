"""Three channels in one process, with a fake ingest server and a fake systemctl."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from restream_agent.agent.channel_agent import ChannelAgent, SharedParts
from restream_agent.agent.channel_ingest import Strays
from restream_agent.agent.joint_look import JointLook
from restream_agent.agent.switchboard import Switchboard, others_are_used
from restream_agent.base import channel_paths
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Systemd
from tests.unit.agent.test_agent import SETTINGS, FakeIngest, FakeSystemctl

MAIN = Channel("main", frozenset({"es", "en"}))
CHANNELS = (MAIN, Channel("es"), Channel("en"))
STALE = 15.0


@dataclass
class StuckSystemctl(FakeSystemctl):
    """A systemctl that does not answer to changes of the units in `stuck` before `answers` is set."""

    stuck: str = "nothing"
    answers: threading.Event = field(default_factory=threading.Event)

    def run(self, argv: tuple[str, ...], **options: Any) -> CompletedProcess[str]:
        if argv[1] != "show" and self.stuck in argv[-1]:
            self.answers.wait(20)
        return super().run(argv, **options)


@dataclass
class SeveralChannels:
    """The channels of an agent's process, by name, and what stands around them."""

    runtime: Path
    server: FakeIngest = field(default_factory=FakeIngest)
    machine: StuckSystemctl = field(default_factory=StuckSystemctl)
    removed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.begin(CHANNELS)

    def begin(self, today: tuple[Channel, ...]) -> None:
        """Start the process anew, with these channels."""
        self.channels: dict[str, ChannelAgent] = {}
        shared = SharedParts(
            self.server, JointLook(self.server.publishers, Systemd(self.machine.run), today),
            Strays(self.runtime, today), self.machine.run, self.runtime, "127.0.0.1:1935",
            has_notifier=False, play_key=lambda _: "",
            is_configured=lambda name: name not in self.removed,
        )  # fmt: skip
        for number, channel in enumerate(today):
            settings = replace(SETTINGS, relays={"twitch": f"127.64.0.{number + 1}"})
            is_used_elsewhere = others_are_used(self.channels, channel.name)
            self.channels[channel.name] = ChannelAgent(channel, settings, shared, is_used_elsewhere)
        self.board = Switchboard(self.channels, stale=STALE)


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SeveralChannels]:
    """Return three channels that are off air."""
    monkeypatch.setattr(channel_paths, "MAIN_PATHS", replace(channel_paths.MAIN_PATHS, runtime=str(tmp_path)))
    monkeypatch.setattr(channel_paths, "CHANNELS_RUNTIME", str(tmp_path / "channels-of-the-machine"))
    running = SeveralChannels(tmp_path / "agent")
    yield running
    running.machine.answers.set()
