"""Passes each hook, each datagram and each request on to the channel that it is about."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from restream_agent.agent.channel_agent import ChannelAgent
from restream_agent.agent.hook_formats import Hook
from restream_agent.agent.metrics import exposition
from restream_agent.agent.refusals import Refusal
from restream_agent.agent.situation import Publisher
from restream_agent.agent.telemetry import Telemetry
from restream_agent.base import package_files
from restream_agent.systemd.channels import MAIN
from restream_agent.wire.status_report import ChannelsReport

_LOOKED_WITHIN = 3.0
"""Seconds after which the status of a channel that is busy with systemd is shown as it was."""


class Switchboard:
    """The channels of this machine, by name."""

    def __init__(self, channels: Mapping[str, ChannelAgent], *, stale: float) -> None:
        """A look at systemd that is older than `stale` seconds is a problem."""
        self._channels = channels
        self._stale = stale
        self._words = dict.fromkeys(channels, "")
        self._version = package_files.version()  # an upgrade changes the files, not what runs
        self.metrics = exposition(lambda: {name: each.agent.status() for name, each in channels.items()})

    def of(self, stream: str) -> ChannelAgent:
        """Return the channel of a stream: that with its name, else `main`."""
        return self._channels.get(stream, self._channels[MAIN])

    async def publish(self, hook: Hook) -> str:
        """Handle a publish with a valid key; return the reason for refusing it, or ""."""
        return await self.of(hook.publisher.stream).agent.publish(hook)

    async def unpublish(self, hook: Hook) -> None:
        """Handle the end of a publisher's stream."""
        channel, main = self.of(hook.publisher.stream), self._channels[MAIN]
        await channel.agent.unpublish(hook)
        if channel is not main:
            main.agent.recheck_port()

    def refused(self, refusal: Refusal, publisher: Publisher) -> None:
        """Note a refused publisher at the channel that it meant."""
        self.of(publisher.stream).refusals.note(refusal, publisher.address)

    async def status(self) -> dict[str, Any]:
        """Look again, and return the status of all channels."""
        within = _LOOKED_WITHIN if len(self._channels) > 1 else None
        await asyncio.gather(*(channel.refresh(within) for channel in self._channels.values()))
        reports = {name: channel.agent.status().report() for name, channel in self._channels.items()}
        # Main alone tries the port, to which the publishers of all channels connect.
        port = reports[MAIN].port
        shown = {name: replace(each, port=port, version=self._version) for name, each in reports.items()}
        return ChannelsReport(shown).as_table()

    def problems(self) -> tuple[str, ...]:
        """Return a sentence for each problem; that of a channel other than `main` begins with its name."""
        return tuple(
            problem for channel in self._channels.values() for problem in channel.problems(self._stale)
        )

    def say(self, channel: ChannelAgent, words: str) -> str:
        """Return the status of all channels in one line, given the words of one that has changed."""
        self._words[channel.channel.name] = words
        if len(self._words) == 1:
            return words
        return "; ".join(f"{name}: {each}" for name, each in self._words.items() if each)

    def by_sender(self) -> dict[str, Telemetry]:
        """Return where the reports from each relay's address belong."""
        return {
            sender: channel.telemetry
            for channel in self._channels.values()
            for sender in channel.telemetry.relays
        }


def others_are_used(channels: Mapping[str, ChannelAgent], name: str) -> Callable[[], bool]:
    """Return a function that tells whether another channel than this one has a publisher.

    It looks at the channels when it is called: they are made one after another.
    """
    return lambda: any(each.agent.is_used for other, each in channels.items() if other != name)
