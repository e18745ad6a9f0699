"""The prepared fallback files as the program plays them."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from restream_agent.stream.flv import FlvError, Reader, Tag

_READ = 64 * 1024
"""Bytes."""


class PreparedFile:
    """A fallback file that stays open: it plays on though it is replaced and deleted meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises OSError if it cannot be opened."""
        self._path = path
        self._file = path.open("rb", buffering=0)

    def __iter__(self) -> Iterator[Tag]:
        """Yield the file's tags from its start; a damaged file ends where the damage is."""
        reader, position = Reader(), 0
        try:
            while data := os.pread(self._file.fileno(), _READ, position):
                position += len(data)
                yield from reader.feed(data)
        except (OSError, FlvError) as error:
            print(f"<3>fallback {self._path}: {error}", file=sys.stderr)


def open_first_playable(names: tuple[str, ...]) -> PreparedFile:
    """Return the first of the files that has a keyframe; an empty one, with an error logged, if none has."""
    for name in names:
        with suppress(OSError):
            prepared = PreparedFile(Path(name))
            if any(tag.is_keyframe for tag in prepared):
                return prepared
    print(f"<3>no fallback can be played, tried {', '.join(names)}", file=sys.stderr)
    return PreparedFile(Path("/dev/null"))
