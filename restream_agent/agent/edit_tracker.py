"""Which state of the TOML was handed to `apply` last, so that no edit is lost and no edit is tried twice.

States are told apart by their content, so that a touch, or an edit that is taken back, is none. A file that
only root can read is told apart by its time of change. The last state tried is kept in the runtime directory,
so a restarted agent neither misses an edit made in the meantime nor repeats an edit that was refused.
"""

import logging
import time
from contextlib import suppress
from pathlib import Path

from restream_agent.base import toml_files
from restream_agent.wire import records
from restream_agent.wire.toml_mark import TomlMark

log = logging.getLogger(__name__)


class EditTracker:
    """Compares the TOML with the state that was tried last."""

    def __init__(
        self,
        source: Path,
        last_read: Path,
        record: Path,
        *,
        is_interrupted: bool = False,
        is_watched: bool = True,
    ) -> None:
        """`last_read` is where an apply notes what it has read, `record` the file for the last state tried.

        `is_interrupted` is true if a power cut has interrupted an apply, which is then to be done again. If
        the TOML is not watched, nothing else is ever pending.
        """
        self._source, self._last_read, self._record = source, last_read, record
        self._is_interrupted, self.is_watched = is_interrupted, is_watched
        self._tried: TomlMark | None = None
        self._noted_at = 0

    def look(self) -> TomlMark | None:
        """Return the state on the disk; None if there is no file."""
        files = toml_files.look(self._source)
        return None if files is None else TomlMark.of(files)

    def pending(self) -> TomlMark | None:
        """Return the state that has not been tried yet; None if there is none, or no file."""
        if not self.is_watched and not self._is_interrupted:
            return None
        state = self.look()
        if state is None:
            return None
        if self._tried is None:
            self._begin(state)
        if self._tried is None:
            return state
        last = self._read_since()
        if last is not None and last.is_same(state):
            self.note(state)
            return None
        # A state that was tried before is none that is applied, once an apply by hand has read another.
        is_applied = last is None and self._tried.is_same(state)
        return None if is_applied or not self.is_watched else state

    def note(self, state: TomlMark) -> None:
        """Note that a state was handed over. If that cannot be written, it is tried again after a restart."""
        self._tried, self._noted_at = state, time.time_ns()
        try:
            self._record.write_text(records.to_file(state))
        except OSError as error:
            log.error("%s: %s", self._record, error.strerror)

    def _begin(self, state: TomlMark) -> None:
        """Find out what was tried before this agent began: before the first, what the last apply has read."""
        self._tried = _read(self._record)
        if self._tried is not None:
            self._noted_at = _modified_at(self._record)
        elif not self._is_interrupted:
            last = _read(self._last_read)
            # Without any, the first apply is still running.
            if last is None or (last.applied and last.is_same(state)):
                self._tried = state

    def _read_since(self) -> TomlMark | None:
        """Return what an apply has read after the last note; None if none has read anything."""
        return None if _modified_at(self._last_read) <= self._noted_at else _read(self._last_read)


def _read(file: Path) -> TomlMark | None:
    with suppress(OSError, ValueError, TypeError):
        return records.parse(TomlMark, file.read_text())
    return None


def _modified_at(file: Path) -> int:
    """Return when a file was modified, in ns since 1970; 0 if there is no file."""
    with suppress(OSError):
        return file.stat().st_mtime_ns
    return 0
