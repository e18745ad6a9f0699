"""Which state of the TOML was handed to `apply` last, so that no edit is lost and none is tried twice.

A state is known by the file's time of change. What was tried is kept in the runtime directory: a restarted
agent neither misses an edit that was made meanwhile nor repeats one that was refused.
"""

import logging
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)


class EditTracker:
    """Compares the TOML with what was tried."""

    def __init__(self, source: Path, manifest: Path, record: Path) -> None:
        """`manifest` is what the last apply has left, `record` where to keep what was tried."""
        self._source, self._manifest, self._record = source, manifest, record
        self._known: int | None = None

    def pending(self) -> int | None:
        """Return the state that has yet to be tried, None if there is none, or no file to read."""
        state = _changed(self._source)
        if state is None or state == self._tried():
            return None
        return state

    def note(self, state: int) -> None:
        """Keep which state was handed over; what cannot be kept is tried again after a restart."""
        self._known = state
        try:
            self._record.write_text(str(state))
        except OSError as error:
            log.error("%s: %s", self._record, error.strerror)

    def _tried(self) -> int | None:
        """Return what was tried last: at first, what the last apply has read, by whomever it was run."""
        if self._known is None:
            with suppress(OSError, ValueError):
                self._known = int(self._record.read_text())
        if self._known is None:
            state, applied = _changed(self._source), _changed(self._manifest)
            # Without a manifest the first apply is still at it.
            if state is not None and (applied is None or state <= applied):
                self._known = state
        return self._known


def _changed(file: Path) -> int | None:
    """Return when a file was changed, in ns since 1970; None if there is none."""
    with suppress(OSError):
        return file.stat().st_mtime_ns
    return None
