"""Watches the files of the TOML, and the directories that they are in.

Edits arrive in many ways: a file is written in place, renamed into place, or removed and made again; a link
leads elsewhere; a directory is swapped. So any event in one of the directories is a reason to look, and what
is then on the disk decides (edit_tracker.py).
"""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from watchdog import events
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from restream_agent.base.toml_files import PLATFORMS, toml_files

log = logging.getLogger(__name__)

_CHANGES: list[type[FileSystemEvent]] = [
    events.FileModifiedEvent,
    events.FileClosedEvent,
    events.FileCreatedEvent,
    events.FileDeletedEvent,
    events.FileMovedEvent,
    events.DirCreatedEvent,
    events.DirDeletedEvent,
    events.DirMovedEvent,
]
"""Without those of reading, which a look would cause itself, and without chmod."""

_WRITER_PAUSES = 10.0
"""Seconds. A program that keeps a file open without writing to it is not waited for any longer."""

_Identity = tuple[int, int]


class TomlWatcher(FileSystemEventHandler):
    """Calls back, from another thread, when something has changed near the TOML.

    A change may be reported more than once. Directories that this user cannot read are left out: who looks
    from time to time sees their changes, too.
    """

    def __init__(self, source: Path, changed: Callable[[], None]) -> None:
        self._source, self._changed = source, changed
        self._observer: BaseObserver | None = None
        self._watched: dict[str, tuple[_Identity, ObservedWatch]] = {}
        self._written: dict[str, float] = {}
        # It calls it an error that a directory is no longer watched while an event of it is read.
        logging.getLogger("watchdog.observers").setLevel(logging.CRITICAL)
        try:
            self._observer = Observer()
            self._observer.start()
        except OSError as error:  # too many programs watch files: inotify(7), max_user_instances
            log.warning("edits of the TOML are noticed later: %s", error.strerror)

    def renew(self) -> None:
        """Watch the directories in which the TOML's files are now; those of before may be gone or moved."""
        if self._observer is None:
            return
        wanted = dict(map(_identity, self._directories()))
        for directory, (identity, watch) in tuple(self._watched.items()):
            if identity != wanted.get(directory):
                self._watched.pop(directory)
                with suppress(KeyError):
                    self._observer.unschedule(watch)
        for directory, there in wanted.items():
            if there is not None and directory not in self._watched:
                with suppress(OSError):  # not for this user to read, or just gone
                    watch = self._observer.schedule(self, directory, event_filter=_CHANGES)
                    self._watched[directory] = (there, watch)

    def is_written(self) -> bool:
        """Whether a program is in the middle of writing one of the files: it has not closed the file yet."""
        long_ago = time.monotonic() - _WRITER_PAUSES
        files = {os.path.realpath(file) for file in toml_files(self._source)}
        return any(path in files and at > long_ago for path, at in tuple(self._written.items()))

    def stop(self) -> None:
        """End the calls."""
        if self._observer is not None and self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Take note of a change."""
        for path in map(os.fsdecode, (event.src_path, event.dest_path)):
            self._written.pop(path, None)
            if event.event_type == events.EVENT_TYPE_DELETED and path in self._watched:
                # Another directory of this name may get the same inode.
                self._watched[path] = ((0, 0), self._watched[path][1])
        if _begins_writing(event):
            self._written[os.fsdecode(event.src_path)] = time.monotonic()
        self._changed()

    def _directories(self) -> set[str]:
        """Return the real directories of the TOML's files, and of the links to them."""
        beside = self._source.parent
        files = {Path(os.path.realpath(file)).parent for file in toml_files(self._source)}
        return {os.path.realpath(each) for each in (beside, beside / PLATFORMS, *files)}


def _begins_writing(event: FileSystemEvent) -> bool:
    """Whether a program writes to a file, or has made one that is still empty; it will close the file."""
    if event.event_type == events.EVENT_TYPE_CREATED and not event.is_directory:
        with suppress(OSError):
            return Path(os.fsdecode(event.src_path)).stat().st_size == 0
    return event.event_type == events.EVENT_TYPE_MODIFIED


def _identity(directory: str) -> tuple[str, _Identity | None]:
    """Return a directory and what tells it from another of its name; None if it does not exist."""
    with suppress(OSError):
        status = Path(directory).stat()
        return directory, (status.st_dev, status.st_ino)
    return directory, None
