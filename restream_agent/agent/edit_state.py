"""Whether an apply waits to be confirmed, or was taken back: two files of root's say so."""

from contextlib import suppress
from pathlib import Path

from restream_agent.base import paths


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
