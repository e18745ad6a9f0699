"""The files of the TOML on the disk, and how one state of them is told from another."""

import hashlib
import stat
from contextlib import suppress
from pathlib import Path

PLATFORMS = "platforms.d"
"""Beside the TOML file: its files *.toml hold further platforms."""

_LARGEST = 16 * 1024 * 1024
"""Bytes. What is longer is no TOML of ours; its time of change has to do."""


def toml_files(source: Path) -> tuple[Path, ...]:
    """Return the TOML file and those beside it, in the order in which they are read."""
    platforms: list[Path] = []
    with suppress(OSError):  # its directory is going just now
        platforms += source.parent.glob(f"{PLATFORMS}/[!.]*.toml")
    return (source, *sorted(platforms))


def look(source: Path) -> dict[str, tuple[str, int]] | None:
    """Return a digest and the time of change (ns since 1970) of each file, by its path beside the TOML.

    The digest is "" for a file that this user cannot read. None if there is no TOML file.
    """
    marks = {str(file.relative_to(source.parent)): _mark(file) for file in toml_files(source)}
    return None if marks[source.name] == ("", 0) else marks


def _mark(file: Path) -> tuple[str, int]:
    """Return a file's digest and its time of change; ("", 0) if it does not exist."""
    modified = 0
    with suppress(OSError):
        status = file.stat()
        modified = status.st_mtime_ns
        if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST:  # a FIFO would make us wait
            with file.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest(), modified
    return "", modified
