"""Waits for edits of the TOML, and has each applied once: when it has settled, and not before."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.agent.channel_agent import logged
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.agent.toml_watcher import TomlWatcher


@dataclass(frozen=True)
class WatchPace:
    """Times in seconds.

    An edit has settled when the files have stayed the same for `quiet`, as editors and git write more than
    once; edits that do not settle are applied after `patience` all the same. Without any event the files are
    looked at `every` so often: the kernel does not report the edits of other computers, nor what happens in
    directories that the agent cannot read.
    """

    quiet: float = 1.0
    patience: float = 60.0
    every: float = 5.0


class EditWatch:
    """Looks at the TOML after each event and from time to time, and has apply_pending called."""

    def __init__(
        self, source: Path, edits: EditTracker, apply_pending: Callable[[], Awaitable[None]], pace: WatchPace
    ) -> None:
        self._source, self._edits, self._pace = source, edits, pace
        self._apply_pending = apply_pending

    async def run(self) -> None:
        """Have edits applied for ever."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def note_change() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(changed.set)

        watcher = TomlWatcher(self._source, note_change)
        try:
            while True:
                changed.clear()
                if self._edits.is_watched:
                    await asyncio.to_thread(watcher.renew)
                if await asyncio.to_thread(self._edits.pending) is not None:
                    await self._settle(watcher)
                    await logged(self._apply_pending)
                # A directory in which much happens is not looked at all the time.
                await asyncio.sleep(self._pace.quiet / 10)
                # Before Python 3.12, wait_for can lose a cancellation that comes with the event.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.every):
                        await changed.wait()
        finally:
            watcher.stop()

    async def _settle(self, watcher: TomlWatcher) -> None:
        """Wait until the files stay the same and no program is writing one, or until the patience ends."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._pace.patience
        state, is_settled = await asyncio.to_thread(self._edits.look), False
        while not is_settled and loop.time() < ends:
            await asyncio.sleep(self._pace.quiet)
            await asyncio.to_thread(watcher.renew)
            before, state = state, await asyncio.to_thread(self._edits.look)
            is_settled = state == before and not await asyncio.to_thread(watcher.is_written)
