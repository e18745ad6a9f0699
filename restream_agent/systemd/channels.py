"""The units of one channel. Pure.

The channel `main` has the plain names of unit_names.py. Another channel has instances of them, and its relays
have the channel in front of their name:

    restream.target                 restream@es.target
    fallback.service                fallback@es.service
    ffmpeg-relay@twitch.service     ffmpeg-relay@es.twitch.service
    live@main.service               live@es.service

Code that works for one channel uses the plain names everywhere. channel_systemd.py translates them, in both
directions, so only it knows which channel it is.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from restream_agent.systemd import unit_names

MAIN = "main"
"""The channel at the top of the TOML."""

PER_CHANNEL = (
    unit_names.TARGET,
    unit_names.PROGRAM_UNIT,
    unit_names.RELAY_DOOR,
    unit_names.LIVE_DOOR,
    unit_names.HOLD_TIMER,
    unit_names.HOLD_SERVICE,
    unit_names.PREPARE_UNIT,
    unit_names.FORGET_UNIT,
)
"""The units that each channel has one of. Relays and live streams are instances already."""

Value = TypeVar("Value")

_RELAY, _LIVE = "ffmpeg-relay@", "live@"


@dataclass(frozen=True)
class Channel:
    """A channel's name, and for `main` the names of the others, whose streams are not its own."""

    name: str = MAIN
    others: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_main(self) -> bool:
        """Whether this is the channel at the top of the TOML, which has the plain names."""
        return self.name == MAIN

    @property
    def has_siblings(self) -> bool:
        """Whether the machine has several channels, so that what is said of one has to name it."""
        return not self.is_main or bool(self.others)

    def takes(self, stream: str) -> bool:
        """Whether a stream is this channel's: the channel's name, or for `main` any that is no channel."""
        return stream not in self.others if self.is_main else stream == self.name

    def relay(self, relay: str) -> str:
        """Return a relay's name on the whole machine: "twitch", or "es.twitch" for another channel.

        No platform's name has a dot. A colon would do in a unit's name, but not for `systemd-analyze verify`,
        which takes it for the beginning of an alias, nor in `RuntimeDirectory=`, systemd.exec(5).
        """
        return relay if self.is_main else f"{self.name}.{relay}"

    def unit(self, plain: str) -> str:
        """Return the channel's unit for a plain name or pattern; shared units keep their names."""
        if self.is_main:
            return plain
        if plain in PER_CHANNEL:
            stem, _, kind = plain.rpartition(".")
            return f"{stem}@{self.name}.{kind}"
        if plain.startswith(_RELAY) and plain != unit_names.RELAY_TEMPLATE:
            return f"{_RELAY}{self.relay(plain.removeprefix(_RELAY))}"
        return f"{_LIVE}{self.name}.service" if plain == f"{_LIVE}*.service" else plain

    def plain(self, unit: str) -> str:
        """Return the plain name of a unit of this channel, or of a shared unit: the inverse of `unit`.

        Raises ValueError for a unit of another channel.
        """
        stem, at, rest = unit.partition("@")
        instance, _, kind = rest.rpartition(".")
        name, _, relay = instance.rpartition(".")
        if unit.startswith(_RELAY) and unit != unit_names.RELAY_TEMPLATE:
            is_ours, plain = name == ("" if self.is_main else self.name), f"{_RELAY}{relay}.{kind}"
        elif unit.startswith(_LIVE):
            is_ours, plain = self.takes(instance), unit
        elif at and f"{stem}.{kind}" in PER_CHANNEL:
            is_ours, plain = not self.is_main and instance == self.name, f"{stem}.{kind}"
        else:
            is_ours, plain = self.is_main or unit not in PER_CHANNEL, unit
        if not is_ours:
            raise ValueError(f"{unit} is not a unit of the channel {self.name}")
        return plain

    def own(self, units: Mapping[str, Value]) -> dict[str, Value]:
        """Return what belongs to units of this channel and to shared units, by their plain names."""
        mine = {}
        for unit, value in units.items():
            with suppress(ValueError):
                mine[self.plain(unit)] = value
        return mine

    def relay_of(self, unit: str) -> str:
        """Return the relay that a unit of this channel belongs to; ValueError for other units."""
        return unit_names.relay_of(self.plain(unit))

    def stream_of(self, unit: str) -> str:
        """Return the stream that a unit of this channel pulls; ValueError for other units."""
        return unit_names.stream_of(self.plain(unit))


def channel_of(unit: str) -> Channel:
    """Return the channel whose broadcast a unit belongs to; `main` for a unit that all channels share.

    A player belongs to the channel of its stream's name; `main` is returned for all of them.
    """
    stem, at, rest = unit.partition("@")
    instance, _, kind = rest.rpartition(".")
    is_instance = at and f"{stem}.{kind}" in PER_CHANNEL
    name = instance if is_instance else instance.rpartition(".")[0] if unit.startswith(_RELAY) else ""
    return Channel(name) if name else MAIN_CHANNEL


MAIN_CHANNEL = Channel()
"""The channel of a machine that has no other."""
