"""Whether an apply waits to be confirmed, or was taken back: two files of root's say so."""

from pathlib import Path

from restream_agent.base import paths


def is_undecided() -> bool:
    """Whether an apply waits to be confirmed."""
    return Path(paths.UNCONFIRMED).exists()


def edit_state() -> str:
    """Return "unconfirmed" or "taken back" for the last change of the TOML, "" for neither."""
    if is_undecided():
        return "unconfirmed"
    return "taken back" if Path(paths.TAKEN_BACK).exists() else ""
