"""Watches the TOML file for edits."""

from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_EVENTS = ("closed", "moved", "created")


class _EditHandler(FileSystemEventHandler):
    def __init__(self, file: Path, edited: Callable[[], None]) -> None:
        self._file = str(file)
        self._edited = edited

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Call back if the file was written or moved into place, as editors and git do."""
        if event.event_type in _EVENTS and self._file in (event.src_path, event.dest_path):
            self._edited()


def watch(file: Path, edited: Callable[[], None]) -> BaseObserver:
    """Call `edited`, from another thread, whenever the file has changed.

    Returns the running observer; its `stop()` ends the calls. A change may be reported more than once.
    """
    observer = Observer()
    observer.schedule(_EditHandler(file, edited), str(file.parent), recursive=False)
    observer.start()
    return observer
