"""The units of a machine with many channels, as systemctl shows and lists them."""

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import Channel

RELAYS = 3
_RUN = "0" * 32


@dataclass(frozen=True)
class LoadedMachine:
    """Channels with their relays, each with an address. `looks` counts what was asked of systemctl."""

    channels: tuple[Channel, ...]
    is_on_air: bool

    @classmethod
    def of(cls, channels: int, *, is_on_air: bool) -> "LoadedMachine":
        others = [f"c{number:02}" for number in range(1, channels)]
        return cls((Channel("main", frozenset(others)), *map(Channel, others)), is_on_air)

    def relays(self, channel: Channel) -> dict[str, str]:
        """Return the address of each relay of a channel."""
        number = self.channels.index(channel)
        return {f"p{relay}": f"127.64.{number}.{relay + 1}" for relay in range(RELAYS)}

    @lru_cache  # noqa: B019  (one machine for each process)
    def shown(self, patterns: tuple[str, ...]) -> bytes:
        """Return what systemctl shows of units."""
        return "\n\n".join(map(_block, self.matching(patterns))).encode()

    @lru_cache  # noqa: B019  (as above)
    def listed(self, patterns: tuple[str, ...]) -> bytes:
        """Return what systemctl lists of units."""
        steady = {"load": "loaded", "active": "active", "sub": "running", "job": ""}
        return json.dumps([{"unit": unit, **steady} for unit in self.matching(patterns)]).encode()

    def matching(self, patterns: tuple[str, ...]) -> list[str]:
        """Return the units that run and match a pattern."""
        found = []
        for channel in self.channels if self.is_on_air else ():
            units = [unit_names.TARGET, unit_names.PROGRAM_UNIT, unit_names.INGEST_UNIT]
            units += [unit_names.relay_unit(name) for name in self.relays(channel)]
            mine = [channel.unit(unit) for unit in units] + [unit_names.live_unit(channel.name)]
            found += [unit for unit in mine if any(fnmatch(unit, pattern) for pattern in patterns)]
        return list(dict.fromkeys(found))

    def link_runs(self, directory: Path) -> None:
        """Make the links by which a service that runs on is known."""
        for unit in self.matching(("*.service",)):
            (directory / f"invocation:{unit}").symlink_to(_RUN)


def _block(unit: str) -> str:
    return (
        f"Id={unit}\nActiveState=active\nNRestarts=0\nStatusText=\nActiveEnterTimestampMonotonic=1000000\n"
        f"InvocationID={_RUN}\nExecMainStatus=0\nJob=0\nInactiveEnterTimestampMonotonic=900000\n"
        "ExecMainStartTimestampMonotonic=950000"
    )
