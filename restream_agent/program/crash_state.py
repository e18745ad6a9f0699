"""What survives a crash of the program: its clock, partly sent tags, the log of hand-offs.

These are files in the runtime directory, a tmpfs that systemd keeps across restarts of the service
(RuntimeDirectoryPreserve=restart) and removes when the broadcast ends. What a process has written there
survives its being killed. Tags that wait to be sent, for at most 40 ms (stream/batch.py), do not.
"""

import json
import mmap
import os
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from restream_agent.stream.flv import AUDIO, VIDEO
from restream_agent.stream.sources import FRESH_AT_OPENING
from restream_agent.stream.timeline import SHOWN, resume

_CLOCK = struct.Struct("<8sqqqq")
_MAGIC = b"restream"
_BEGINNING = struct.Struct("<q")
_LENGTH = struct.Struct("<q")
_COUNT = struct.Struct("<q")

BEGINS_AT = FRESH_AT_OPENING
"""Milliseconds on the clock of a new broadcast. A publisher's first keyframe may have waited so long for the
program. On a clock from 0 it has no time, and the broadcast opens at the second keyframe."""


class Clock:
    """The broadcast's clock, in ms of the monotonic clock since the broadcast began, and its last timestamps.

    `last` has the last timestamp of audio and of video, and the latest time at which a picture is shown
    (stream/timeline.py). `found` is what an earlier process has left of it; empty if that is on another clock
    than this, which was set forward. The broadcast begins BEGINS_AT before the program.
    """

    def __init__(self, directory: Path) -> None:
        """Open the clock in `directory`; `is_resumed` is whether it belongs to a broadcast under way."""
        path = directory / "clock"
        self.is_resumed = path.exists() and path.stat().st_size == _CLOCK.size
        if not self.is_resumed:
            epoch = time.monotonic_ns() - BEGINS_AT * 1_000_000
            path.write_bytes(_CLOCK.pack(_MAGIC, epoch, -1, -1, -1))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _CLOCK.size)
        self._epoch: int
        _, self._epoch, audio, video, shown = _CLOCK.unpack_from(self._map)
        self.last: dict[int, int] = {AUDIO: audio, VIDEO: video, SHOWN: shown}
        self.found = dict(self.last)
        if self.is_resumed:
            forward = resume(self.last, self.now())
            self._epoch -= forward * 1_000_000
            self.found = {} if forward else self.found
            self.save()

    def now(self) -> int:
        """Return milliseconds since the start of the broadcast."""
        return (time.monotonic_ns() - self._epoch) // 1_000_000

    @property
    def end(self) -> int:
        """The last timestamp sent, which is close to the time of sending; -1 before the first."""
        return max(self.last.values())

    def save(self) -> None:
        """Record `last`. Called before the tags are sent, so that a crash does not repeat a timestamp."""
        last = self.last
        # pack_into would first fill the map with zeros, and the process may be killed just then.
        self._map[:] = _CLOCK.pack(_MAGIC, self._epoch, last[AUDIO], last[VIDEO], last[SHOWN])


class JsonFile:
    """A file with JSON, which is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Any:
        """Return the content, None if there is no file or it cannot be read."""
        with suppress(OSError, ValueError):
            return json.loads(self._path.read_text())
        return None

    def save(self, data: object) -> None:
        """Write the content; OSError if there is no room for it."""
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(data))
        draft.replace(self._path)

    def remove(self) -> None:
        """Remove the file, if it can be removed."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


class Remainder:
    """What is kept of one relay: the timestamp at which it began, the bytes sent, and the rest of a tag.

    A restarted program sends the rest first. Otherwise the relay would read the next tag as that rest. If
    there is no room to keep it (a full /run), the relay's connection goes on all the same. If there is none
    for the count when the relay comes, nothing is counted for it.
    """

    def __init__(self, directory: Path, name: str) -> None:
        """Open what is kept; `sent` is None if it is not known."""
        self._path = directory / f"{name}.rest"
        self._count_path = directory / f"{name}.sent"
        self._count = self._open_count()
        self.sent: int | None = None if self._count is None else _COUNT.unpack_from(self._count)[0]
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._is_empty = os.fstat(self._fd).st_size == 0
        head = os.pread(self._fd, _BEGINNING.size, 0)
        self.beginning: int | None = _BEGINNING.unpack(head)[0] if head else None

    def _open_count(self) -> mmap.mmap | None:
        """Map the file with the count, which changes at every sending; None if nothing can be counted."""
        if self._path.exists() and not self._count_path.exists():
            return None
        with self._count_path.open("a+b") as file:
            try:
                # Without its place on the disk, a write to the map would be a SIGBUS.
                os.posix_fallocate(file.fileno(), 0, _COUNT.size)
                return mmap.mmap(file.fileno(), _COUNT.size)
            except OSError:
                self._count_path.unlink()
                return None

    def begin(self, timestamp: int) -> None:
        """Record the timestamp of the first tag in the relay's queue."""
        self._put(_BEGINNING.pack(timestamp), 0)
        self.beginning = timestamp

    def save(self, rest: memoryview) -> None:
        """Record what is left to send of a partly sent tag, which is empty if there is none."""
        if rest:
            self._put(b"".join((_LENGTH.pack(len(rest)), rest)), _BEGINNING.size)
            self._is_empty = False
        elif not self._is_empty:
            self._put(_LENGTH.pack(0), _BEGINNING.size)
            self._is_empty = True

    def count(self, sent: int) -> None:
        """Record how many bytes the relay was sent, unless that is not known."""
        if self._count is not None:
            self.sent = sent
            self._count[:] = _COUNT.pack(sent)

    def _put(self, data: bytes, offset: int) -> None:
        with suppress(OSError):
            os.pwrite(self._fd, data, offset)

    def load(self) -> bytes:
        """Return the rest that an earlier process has not sent."""
        data = os.pread(self._fd, 1 << 30, _BEGINNING.size)
        if len(data) < _LENGTH.size:
            return b""
        (length,) = _LENGTH.unpack_from(data)
        return data[_LENGTH.size : _LENGTH.size + length]

    def remove(self) -> None:
        """Remove the files: the relay has disconnected."""
        os.close(self._fd)
        if self._count is not None:
            self._count.close()
        for path in (self._path, self._count_path):
            path.unlink(missing_ok=True)
