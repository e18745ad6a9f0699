"""The units of the program's own channel: its relays and its live stream, told by the name of a unit."""

from dataclasses import dataclass
from pathlib import Path

from restream_agent.base.installed_channels import channel_names
from restream_agent.base.target import THIS_MACHINE
from restream_agent.systemd.channels import MAIN, Channel


@dataclass(frozen=True)
class OwnUnits:
    """The units of one channel. Both methods raise ValueError for a unit that is not the channel's.

    Any stream that is no channel's name belongs to `main`. So its program looks which other channels are
    installed below `root`, at each connection: an apply adds and removes channels while the program runs.
    """

    name: str = MAIN
    root: Path = THIS_MACHINE.root

    def relay_of(self, unit: str) -> str:
        """Return the relay that a unit belongs to: "twitch" for ffmpeg-relay@es.twitch of the channel es."""
        return Channel(self.name).relay_of(unit)

    def stream_of(self, unit: str) -> str:
        """Return the stream that a unit pulls."""
        others = frozenset(channel_names(self.root)) if self.name == MAIN else frozenset[str]()
        return Channel(self.name, others).stream_of(unit)
