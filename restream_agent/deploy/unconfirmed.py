"""An apply that waits to be confirmed: what it has replaced, written down before its first change.

The record outlives a killed process, a lost terminal and a reboot. take_back.py acts on it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File, Link
from restream_agent.deploy.changes import Change
from restream_agent.wire import records

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
KEEP, END = "restream-agent confirm", "restream-agent take-back"
"""The commands that decide."""


@dataclass(frozen=True)
class ReplacedEntry:
    """What was at a path: a file's content, which may be a secret, or a link's target, or neither."""

    content: str | None = field(default=None, repr=False)
    mode: int = 0o644
    group: str = "root"
    link: str | None = None


@dataclass(frozen=True)
class Unconfirmed:
    """What an apply has replaced, and until when it can be confirmed.

    `until` is in seconds of the monotonic clock of the boot `boot`. `is_complete` says that the apply has
    come to its end. `before` has what was at each path, `manifest` the manifest's text, None for none, and
    `unfinished` that of what an earlier apply had left to be done.
    `stopped` are units that the apply was to stop, `started` those that it was to start, and `active` all
    that ran before it. `removed` are channels that are gone. `source` is the TOML.
    """

    source: str
    until: float
    boot: str
    before: Mapping[str, ReplacedEntry]
    manifest: str | None
    active: tuple[str, ...]
    stopped: tuple[str, ...]
    started: tuple[str, ...]
    removed: tuple[str, ...]
    unfinished: str | None = None
    is_complete: bool = False

    @property
    def left(self) -> float:
        """Return how many seconds are left, never less than 0; none after a reboot."""
        return max(0.0, self.until - time.monotonic()) if self.boot == boot_id() else 0.0

    def tree(self) -> dict[str, File | Link | None]:
        """Return what was at each path; None where nothing was."""
        return {path: _as_file(entry) for path, entry in self.before.items()}


def boot_id() -> str:
    """Return what tells this boot of the machine from every other, random(4)."""
    return _BOOT_ID.read_text().strip()


def begin(
    root: Path, source: str, within: float, changes: Iterable[Change], *, active: Iterable[str],
    stopped: Iterable[str], started: Iterable[str], removed: Iterable[str],
) -> None:  # fmt: skip
    """Write down what the changes are about to replace; RestreamError if that cannot be written."""
    record = Unconfirmed(
        source=source,
        until=time.monotonic() + within,
        boot=boot_id(),
        before={change.path: _as_entry(change.before) for change in changes},
        manifest=_text(root, paths.MANIFEST),
        unfinished=_text(root, paths.UNFINISHED),
        active=tuple(active),
        stopped=tuple(stopped),
        started=tuple(started),
        removed=tuple(removed),
    )
    _write(root, record)


def _text(root: Path, path: str) -> str | None:
    place = files.locate(root, path)
    return place.read_text() if place.exists() else None


def complete(root: Path, within: float) -> None:
    """Note that the apply has come to its end: from now on there are `within` seconds to confirm it."""
    record = read(root)
    assert record is not None
    _write(root, replace(record, until=time.monotonic() + within, is_complete=True))


def read(root: Path) -> Unconfirmed | None:
    """Return what waits to be confirmed, None for nothing; RestreamError if it cannot be read."""
    place = files.locate(root, paths.UNCONFIRMED)
    try:
        return records.parse(Unconfirmed, place.read_text())
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise RestreamError(f"{place} cannot be read", hint="run this as root (sudo)") from error
    except (OSError, TypeError, ValueError) as error:
        raise RestreamError(f"{place} is damaged", hint="remove it, then restream-agent apply") from error


def exists(root: Path) -> bool:
    """Whether something waits to be confirmed."""
    return files.locate(root, paths.UNCONFIRMED).exists()


def refuse(root: Path) -> None:
    """Raise RestreamError if an earlier apply waits to be confirmed: it is decided first."""
    if exists(root):
        raise RestreamError(
            "an earlier apply waits to be confirmed; nothing was changed",
            hint=f"{KEEP} keeps it, {END} takes it back",
        )


def forget(root: Path) -> None:
    """Remove the record: the apply is confirmed, or taken back."""
    files.remove(root, paths.UNCONFIRMED)


def _write(root: Path, record: Unconfirmed) -> None:
    files.write(root, paths.UNCONFIRMED, File(records.to_file(record), mode=0o600, is_secret=True))


def _as_entry(item: File | Link | None) -> ReplacedEntry:
    if isinstance(item, File):
        return ReplacedEntry(item.content, item.mode, item.group)
    return ReplacedEntry() if item is None else ReplacedEntry(link=item.target)


def _as_file(entry: ReplacedEntry) -> File | Link | None:
    if entry.link is not None:
        return Link(entry.link)
    if entry.content is None:
        return None
    # Its content is never shown: it may be the ingest server's configuration, or a key.
    return File(entry.content, entry.mode, entry.group, is_secret=True)
