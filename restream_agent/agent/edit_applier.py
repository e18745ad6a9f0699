"""Has systemd apply an edited TOML file, by starting restream-apply.service."""

import asyncio
from collections.abc import Callable
from functools import partial

from restream_agent.agent.edit_state import is_undecided
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd


class EditApplier:
    """Starts an apply for every state of the TOML file that has not been tried."""

    def __init__(
        self,
        source: str,
        edits: EditTracker,
        systemd: Systemd,
        *,
        is_applying: Callable[[], bool] = lambda: False,
    ) -> None:
        """`source` is the path of the TOML file, for the log; `is_applying` tells of an apply by hand."""
        self._is_applying = is_applying
        self._reason = f"{source} was edited"
        self._edits = edits
        self._systemd = systemd

    async def apply_pending(self) -> None:
        """Start an apply if an edit is pending; RestreamError if systemd does not start it.

        While an apply is under way, the edit stays pending: it may have read the TOML before the edit.
        systemd ignores a request to start a unit that is starting. Of an apply by hand only the end shows
        which TOML it has read. So it does while an earlier apply waits to be confirmed.
        """
        state = await asyncio.to_thread(self._edits.pending)
        if state is None or is_undecided():
            return
        if self._is_applying():
            return
        active = await asyncio.to_thread(self._systemd.active, unit_names.APPLY_UNIT)
        if active.get(unit_names.APPLY_UNIT) == "activating":
            return
        units = (unit_names.APPLY_UNIT,)
        await asyncio.to_thread(
            partial(self._systemd.change, "start", units, reason=self._reason, wait=False)
        )
        self._edits.note(state)
