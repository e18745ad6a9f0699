"""What became of the last change of the TOML and of the last commit: files of root's say so."""

import time
from contextlib import suppress
from pathlib import Path

from restream_agent.base import paths
from restream_agent.wire import records
from restream_agent.wire.commit_record import CommitRecord
from restream_agent.wire.status_report import CommitStatus


def is_undecided() -> bool:
    """Whether an apply waits to be confirmed."""
    return Path(paths.UNCONFIRMED).exists()


def edit_state() -> str:
    """Return "unconfirmed" or "taken back" for the last change of the TOML, "" for neither.

    The note of root's is empty if a copy of the TOML was applied and taken back.
    """
    if is_undecided():
        return "unconfirmed"
    with suppress(OSError):
        return "taken back" if Path(paths.TAKEN_BACK).stat().st_size else ""
    return ""


def commit_status() -> CommitStatus | None:
    """Return what became of the last commit, None if the TOML comes from no repository."""
    with suppress(OSError, ValueError, TypeError):
        record = records.parse(CommitRecord, Path(paths.COMMIT).read_text())
        ago = round(max(0.0, time.time() - record.at), 1)
        return CommitStatus(record.commit, record.result, record.words, record.applied, ago)
    return None
