"""Which state of the TOML was handed to `apply` last, so that no edit is lost and no edit is tried twice.

A state is identified by the file's modification time. The last state tried is kept in the runtime directory,
so a restarted agent neither misses an edit made in the meantime nor repeats an edit that was refused.
"""

import logging
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)


class EditTracker:
    """Compares the TOML with the state that was tried last."""

    def __init__(self, source: Path, manifest: Path, record: Path, *, is_interrupted: bool = False) -> None:
        """`manifest` is the file that every apply writes last, `record` the file for the last state tried.

        `is_interrupted` is true if a power cut has interrupted an apply, which is then to be done again.
        """
        self._source, self._manifest, self._record = source, manifest, record
        self._is_interrupted = is_interrupted
        self._last_tried: int | None = None

    def pending(self) -> int | None:
        """Return the state that has not been tried yet; None if there is none, or no file."""
        state = _modified_at(self._source)
        if state is None or state == self._tried():
            return None
        return state

    def note(self, state: int) -> None:
        """Note that a state was handed over. If that cannot be written, it is tried again after a restart."""
        self._last_tried = state
        try:
            self._record.write_text(str(state))
        except OSError as error:
            log.error("%s: %s", self._record, error.strerror)

    def _tried(self) -> int | None:
        """Return the last state tried: before the first, the state that the last apply has read."""
        if self._last_tried is None:
            with suppress(OSError, ValueError):
                self._last_tried = int(self._record.read_text())
        if self._last_tried is None:
            state, applied = _modified_at(self._source), _modified_at(self._manifest)
            # Without a manifest the first apply is still running.
            is_applied = applied is None or state is None or state <= applied
            if is_applied and not self._is_interrupted:
                self._last_tried = state
        return self._last_tried


def _modified_at(file: Path) -> int | None:
    """Return when a file was modified, in ns since 1970; None if there is no file."""
    with suppress(OSError):
        return file.stat().st_mtime_ns
    return None
