"""From the whole file to one complete configuration for each channel. Pure."""

from typing import TypeVar

from restream_agent.config.model import Config
from restream_agent.config.table import Table
from restream_agent.systemd.channels import Channel

_AnyTable = TypeVar("_AnyTable", bound=Table)


def channel_configs(config: Config) -> dict[Channel, Config]:
    """Return each channel's configuration, `main` first, then in the file's order.

    Each is complete and has no channels itself, so what works for a file without channels works for it.
    What a channel's tables leave out is as at the top of the file; platforms never are. A configuration that
    is of one channel already is returned as it is.
    """
    if not config.channels:
        return {config.channel: config}
    main = Channel(others=frozenset(config.channels))
    configs = {main: config.of_channel(main, channels={})}
    for name, table in config.channels.items():
        channel = Channel(name)
        ingest = _merged(config.ingest, table.ingest, key=table.key)
        fallback = _merged(config.fallback, table.fallback)
        configs[channel] = config.of_channel(
            channel, ingest=ingest, fallback=fallback, platforms=table.platforms, channels={}
        )
    return configs


def _merged(top: _AnyTable, table: Table, **more: object) -> _AnyTable:
    """Return a table of the top with what a channel's table says otherwise."""
    written = {key: getattr(table, key) for key in table.model_fields_set}
    return top.model_copy(update=written | more)
