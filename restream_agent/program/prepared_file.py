"""The prepared fallback files as the program plays them.

Another user makes these files. Whatever is in their place, the program must not wait for it.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from restream_agent.stream.flv import FlvError, Reader, Tag

_READ = 8 * 1024
"""Bytes. A hand-off waits for the first tags, three times. 64 KiB of a still slate are ten seconds of it:
parsing them kept the fallback back by 6 ms, and by 18 ms on a busy machine (measured)."""

_BEGINNING = 100
"""Tags. A prepared file begins with its sequence headers and a keyframe."""

_NOTHING = Path("/dev/null")


class PreparedFile:
    """A fallback file that stays open: it plays on though it is replaced and deleted meanwhile."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises OSError if it cannot be opened, or is not a regular file."""
        self._path = path
        # A pipe without a writer must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._file = os.fdopen(descriptor, "rb", buffering=0)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) and path != _NOTHING:
            self.close()
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))

    def __iter__(self) -> Iterator[Tag]:
        """Yield the file's tags from its start; a damaged file ends where the damage is."""
        reader, position = Reader(), 0
        try:
            while data := os.pread(self._file.fileno(), _READ, position):
                position += len(data)
                yield from reader.feed(data)
        except (OSError, FlvError) as error:
            print(f"<3>fallback {self._path}: {error}", file=sys.stderr)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_first_playable(names: tuple[str, ...]) -> PreparedFile:
    """Return the first of the files that has a keyframe; an empty one, with an error logged, if none has."""
    for name in names:
        if (prepared := open_playable(Path(name))) is not None:
            return prepared
    print(f"<3>no fallback can be played, tried {', '.join(names)}", file=sys.stderr)
    return PreparedFile(_NOTHING)


def open_playable(path: Path) -> PreparedFile | None:
    """Return a file that has a keyframe, None if it has not or cannot be opened."""
    with suppress(OSError):
        prepared = PreparedFile(path)
        if any(tag.is_keyframe for tag in islice(prepared, _BEGINNING)):
            return prepared
        prepared.close()
    return None
