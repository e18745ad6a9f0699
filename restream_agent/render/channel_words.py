"""What the units of one channel are called and where their files are, for the templates. Pure."""

from dataclasses import dataclass

from restream_agent.base.channel_paths import ChannelPaths, paths_of
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import Channel

ANY_CHANNEL = Channel("%i")
"""The channel of a unit template: systemd replaces %i by the channel's name, systemd.unit(5)."""


@dataclass(frozen=True)
class ChannelWords:
    """The names of one channel, of `main` the plain ones."""

    channel: Channel

    @property
    def paths(self) -> ChannelPaths:
        """Its files and sockets."""
        return paths_of(self.channel.name)

    @property
    def end(self) -> str:
        """What follows a name of `main`: "-es"."""
        return "" if self.channel.is_main else f"-{self.channel.name}"

    @property
    def mark(self) -> str:
        """What follows a description: " (es)"."""
        return "" if self.channel.is_main else f" ({self.channel.name})"

    @property
    def slice(self) -> str:
        """The slice of its program, player and relays: one of its own where there are several channels."""
        has_own = self.channel.has_siblings
        return unit_names.channel_slice(self.channel.name) if has_own else unit_names.SLICE

    @property
    def live_unit(self) -> str:
        """The unit that pulls its stream; `main` has a template, for streams of any name."""
        return unit_names.LIVE_TEMPLATE if self.channel.is_main else unit_names.live_unit(self.channel.name)

    @property
    def report_door(self) -> str:
        """The socket for reports of its program; `main` has one of restream-agent.socket."""
        return unit_names.AGENT_SOCKET if self.channel.is_main else unit_names.report_door(self.channel.name)

    def unit(self, plain: str) -> str:
        """Return the name of its unit."""
        return self.channel.unit(plain)
