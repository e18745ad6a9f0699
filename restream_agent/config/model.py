"""The whole TOML file as one model: its tables, each with description and example.

Each table is a module of its own here. reference.py generates docs/configuration.md, examples/full.toml
and the JSON schema from the models. Defaults are written as in the TOML and go through the same readers.
Where the TOML has a word ("any", "live", "forever", "never"), the models hold None.
"""

from typing import Annotated, Any, Literal

from pydantic import PrivateAttr

from restream_agent.config import values
from restream_agent.config.agent import AgentRules
from restream_agent.config.channel import ChannelTable
from restream_agent.config.fallback import Fallback
from restream_agent.config.ingest import Ingest
from restream_agent.config.notify import Notify
from restream_agent.config.platform import Platform
from restream_agent.config.relay import RelayRules
from restream_agent.config.table import REQUIRED, Table, option
from restream_agent.config.value_types import choice
from restream_agent.systemd.channels import Channel

Version = Literal[1]
"""The versions of the format that this program reads."""


class Config(Table):
    """The whole file, or one channel of it as channels.channel_configs makes it."""

    version: Annotated[Version, choice(Version)] = option(REQUIRED, "Version of this format.", example=1)
    ingest: Ingest = option(
        {}, "Where OBS sends to, and after how long a silence OBS counts as gone.", example={}
    )
    fallback: Fallback = option({}, "What viewers see while OBS is gone, and for how long.", example={})
    relay: RelayRules = option({}, "Rules for every relay.", example={})
    agent: AgentRules = option({}, "What the agent does by itself.", example={})
    platforms: dict[Annotated[str, values.PLATFORM_NAME], Platform] = option(
        {}, "The platforms that receive the program, each under a name of your choice.", example={}
    )
    notify: Notify = option({}, "Where notifications about the broadcast are sent.", example={})
    channels: dict[Annotated[str, values.CHANNEL_NAME], ChannelTable] = option(
        {}, "Further channels, each a broadcast of its own under a name of your choice.", example={}
    )
    _channel: Channel = PrivateAttr(default_factory=Channel)

    @property
    def channel(self) -> Channel:
        """The channel that this is the configuration of."""
        return self._channel

    def of_channel(self, channel: Channel, **tables: Any) -> "Config":
        """Return a copy for a channel, with other tables."""
        copy = self.model_copy(update=tables)
        copy._channel = channel
        return copy
