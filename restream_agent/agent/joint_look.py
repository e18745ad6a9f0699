"""One look at the server and at systemd for all channels that look at the same time.

A look is a process of systemctl and a request to the server, whether it is for one channel or for twenty.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from restream_agent.agent.situation import Publisher
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Systemd
from restream_agent.systemd.unit_state import UnitState

_ONE_EACH = (
    unit_names.TARGET,
    unit_names.HOLD_TIMER,
    unit_names.HOLD_SERVICE,
    unit_names.APPLY_UNIT,
    unit_names.TAKE_BACK_UNIT,
    unit_names.PREPARE_UNIT,
    unit_names.INGEST_UNIT,
    unit_names.NOTIFY_UNIT,
    unit_names.FORGET_UNIT,
    unit_names.GIT_FETCH_UNIT,
    unit_names.GIT_APPLY_UNIT,
)
_INSTANCES = tuple(
    map(
        unit_names.instances_of,
        (unit_names.CONVERT_TEMPLATE, unit_names.LIVE_TEMPLATE, unit_names.RELAY_TEMPLATE),
    )
)
"""Patterns that match the units of all channels."""

WATCHED = (*_ONE_EACH, *_INSTANCES)
"""What a channel looks at, by plain names."""

MEET_WITHIN = 0.02
"""Seconds for which a channel waits for the others: they wake up at the same time, and `main` tries the port
first, which takes milliseconds. Neither a hook nor a channel's turn waits for this."""

Answer = TypeVar("Answer")


class JointCall(Generic[Answer]):
    """A call for all who ask before it begins. Who asks later has another, and waits for no earlier one."""

    def __init__(self, call: Callable[[], Awaitable[Answer]]) -> None:
        self._call = call
        self._next: asyncio.Task[Answer] | None = None

    async def __call__(self) -> Answer:
        """Return the answer, which is never older than the request, or raise what the call raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._begin())
        return await asyncio.shield(self._next)

    async def _begin(self) -> Answer:
        self._next = None
        return await self._call()


class JointLook:
    """The looks of all channels: those who `meet` share what they ask for next.

    `channels` is how many there are.
    """

    def __init__(
        self,
        publishers: Callable[[], Awaitable[tuple[Publisher, ...]]],
        systemd: Systemd,
        channels: Iterable[Channel],
    ) -> None:
        """`publishers` asks the server; `systemd` is the whole machine's; `channels` are all of them."""
        everyone = tuple(channels)
        self.channels = len(everyone)
        # The shared units once: systemctl shows a unit as often as it is named.
        names = dict.fromkeys(channel.unit(plain) for channel in everyone for plain in _ONE_EACH)
        self.publishers = JointCall(publishers)
        self._units = JointCall(lambda: asyncio.to_thread(systemd.units, *names, *_INSTANCES))
        self._start: asyncio.Event | None = None

    async def units(self, channel: Channel) -> dict[str, UnitState]:
        """Return the states of a channel's units by plain name; RestreamError if systemd does not answer."""
        return channel.own(await self._units())

    async def meet(self) -> None:
        """Wait MEET_WITHIN for the other channels, and go on together with those who have come."""
        if self.channels == 1:
            return
        if self._start is None:
            self._start = asyncio.Event()
            asyncio.get_running_loop().call_later(MEET_WITHIN, self._begin)
        await self._start.wait()

    def _begin(self) -> None:
        if self._start is not None:
            self._start.set()
        self._start = None
