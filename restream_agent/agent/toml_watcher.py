"""Watches the TOML file, so that an edit takes effect: restream-apply.service is started."""

from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_EVENTS = ("closed", "moved", "created")


class _Edits(FileSystemEventHandler):
    def __init__(self, file: Path, edited: Callable[[], None]) -> None:
        self._file = str(file)
        self._edited = edited

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Notice that the file was written or moved into place, as editors and git do."""
        if event.event_type in _EVENTS and self._file in (event.src_path, event.dest_path):
            self._edited()


def watch(file: Path, edited: Callable[[], None]) -> BaseObserver:
    """Call `edited`, from a thread of its own, whenever the file has changed. Returns what to stop()."""
    observer = Observer()
    observer.schedule(_Edits(file, edited), str(file.parent), recursive=False)
    observer.start()
    return observer
