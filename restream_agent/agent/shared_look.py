"""One look of a channel at systemd and the server for many requests of the status."""

import asyncio
from collections.abc import Awaitable, Callable

from restream_agent.agent.joint_look import JointLook

LOOK_EVERY = 0.3
"""Seconds. However often the status is requested, systemd is asked at most once in this time."""

LONGEST = 2.0
"""Seconds. Where there are many channels, each looks less often, but not less often than this."""


class SharedLook:
    """Looks on request. `turn` is held during a look, which `look` takes; `clock` is in seconds.

    All channels look at the same request, and take part in one `joint` look.
    """

    def __init__(
        self,
        turn: asyncio.Lock,
        look: Callable[[], Awaitable[None]],
        joint: JointLook,
        clock: Callable[[], float],
    ) -> None:
        self._turn = turn
        self._look, self._joint = look, joint
        self._clock = clock
        self._looking: asyncio.Task[None] | None = None
        self._next_at = clock()

    async def request(self) -> None:
        """Wait for a look that begins after the request.

        All requests that come before a look begins share it. The next one begins LOOK_EVERY later at the
        earliest, for each channel, so a hook waits behind one look at most.
        """
        if self._looking is None:
            self._looking = asyncio.create_task(self._take())
        await asyncio.shield(self._looking)

    async def _take(self) -> None:
        begins_at = max(self._clock(), self._next_at)
        self._next_at = begins_at + max(LOOK_EVERY, min(LONGEST, LOOK_EVERY * self._joint.channels))
        try:
            await asyncio.sleep(begins_at - self._clock())
            await self._joint.meet()
            await self._turn.acquire()
        finally:
            # The requests from here on need the next look.
            self._looking = None
        try:
            await self._look()
        finally:
            self._turn.release()
