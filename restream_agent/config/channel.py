"""The table `[channels.NAME]`: another broadcast on the same machine, with a key and platforms of its own."""

from typing import Annotated

from restream_agent.config import ingest, values
from restream_agent.config.complaints import complaint
from restream_agent.config.fallback import Fallback
from restream_agent.config.platform import Platform
from restream_agent.config.table import REQUIRED, SecretRef, Table, option
from restream_agent.config.value_types import ValueType, byte_size, span, whole_number


def read_channel_key(value: object) -> object:
    """Refuse "any", which would be a key here, and stands for no key in `[ingest]`."""
    if value == "any":
        raise complaint("must be a key: only [ingest] may accept any", ingest.KEY_HINT)
    return value


class ChannelIngest(Table):
    """What a channel says of OBS's silence; what is left out is as in `[ingest]`."""

    stall: Annotated[float, span(*ingest.STALL)] = ingest.stall()
    settle: Annotated[float, span(*ingest.SETTLE)] = ingest.settle()


class ChannelLimits(Table):
    """What a channel's processes may use together, so that they leave the rest to the other channels."""

    memory: Annotated[int | None, byte_size("64M", "1024G")] = option(
        None,
        "Memory of all processes of the channel. Beyond it, one of them is killed and starts again. If left "
        "out, each process has a limit of its own alone.",
        example="2G",
    )
    tasks: Annotated[int | None, whole_number(32, 100000, unit="processes and threads")] = option(
        None,
        "Processes and threads of the channel. If left out, each process has a limit of its own alone.",
        example=500,
    )
    cpu_weight: Annotated[int, whole_number(1, 10000, unit="shares")] = option(
        100,
        "The channel's share of a processor that several channels want: with 200 it gets twice as much as a "
        "channel with 100.",
        example=100,
    )


class ChannelTable(Table):
    """Another channel: OBS sends to it with the stream key `NAME?key=SECRET`. NAME has a-z, 0-9 and _."""

    key: Annotated[SecretRef, ValueType("secret", read_channel_key)] = option(
        REQUIRED,
        "The key that OBS must send to this channel: set OBS's stream key to `NAME?key=SECRET`.",
        example={"credential": "ingest-es"},
    )
    ingest: ChannelIngest = option({}, "What differs from `[ingest]`.", example={"stall": "2s"})
    fallback: Fallback = option(
        {},
        "What differs from `[fallback]`, with the same keys: a key that is left out is as there. With "
        "`video = []` the channel shows its message though there is a video there.",
        example={"message": "Volvemos enseguida"},
    )
    platforms: dict[Annotated[str, values.PLATFORM_NAME], Platform] = option(
        {},
        "The channel's platforms, with the keys of `[platforms.NAME]`. Those of the top are not among them.",
        example={"twitch": {"preset": "twitch", "key": {"credential": "twitch-es"}}},
    )
    limits: ChannelLimits = option({}, "What the channel may use of the machine.", example={"memory": "2G"})
