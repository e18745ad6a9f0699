"""What the program reads: its rendered settings, and the prepared fallback files."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restream_agent.stream.fanout import Limits
from restream_agent.stream.flv import FlvError, Reader, Tag
from restream_agent.stream.splice import Settings

_READ = 64 * 1024


@dataclass(frozen=True)
class ProgramSettings:
    """The rendered file; times in ms, sizes in bytes.

    `fallback` lists files in order of preference; `operator` is a directory in which the files
    "break" and "open" mean what their names say; `telemetry` is the agent's datagram socket.
    `silence` is how long a publisher's stream may say nothing before it is closed.
    """

    fallback: tuple[str, ...]
    operator: str
    telemetry: str
    stall: int = 1000
    opening: int = 5000
    settle: int = 0
    standby: bool = False
    silence: int = 15000
    queue_milliseconds: int = Limits.milliseconds
    queue_size: int = Limits.size

    @classmethod
    def read(cls, path: Path) -> "ProgramSettings":
        """Read the file that render.py made; a key that is unknown or missing raises TypeError."""
        values: dict[str, Any] = dict(json.loads(path.read_text()))
        if "fallback" in values:
            values["fallback"] = tuple(values["fallback"])
        return cls(**values)

    def for_splice(self) -> Settings:
        """Return the part that the splice needs."""
        return Settings(stall=self.stall, opening=self.opening, settle=self.settle, standby=self.standby)

    def limits(self) -> Limits:
        """Return what a relay that does not read may leave standing."""
        return Limits(milliseconds=self.queue_milliseconds, size=self.queue_size)

    def operator_wants(self, what: str) -> bool:
        """Whether the operator asked for "break" or "open"."""
        return (Path(self.operator) / what).exists()

    def open_fallback(self) -> "PreparedFile":
        """Return the first file that can be played; an empty one, with an error logged, if none can."""
        for name in self.fallback:
            with suppress(OSError):
                prepared = PreparedFile(Path(name))
                if any(tag.is_keyframe for tag in prepared):
                    return prepared
        print(f"<3>no fallback can be played, tried {', '.join(self.fallback)}", file=sys.stderr)
        return PreparedFile(Path("/dev/null"))


class PreparedFile:
    """A fallback file, kept open: it can be played on though it was replaced and deleted meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open the file; OSError if that cannot be."""
        self._path = path
        self._file = path.open("rb", buffering=0)

    def __iter__(self) -> Iterator[Tag]:
        """Yield its tags from the start; a damaged file ends where the damage is."""
        reader, position = Reader(), 0
        try:
            while data := os.pread(self._file.fileno(), _READ, position):
                position += len(data)
                yield from reader.feed(data)
        except (OSError, FlvError) as error:
            print(f"<3>fallback {self._path}: {error}", file=sys.stderr)
