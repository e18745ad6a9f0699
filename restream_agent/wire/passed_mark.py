"""What a relay tells the agent of its ffmpeg's timestamps, in a datagram for each mark that ffmpeg passes on.

Pure. stream/marks.py says what a mark is. The datagrams go to the port of ffmpeg's own reports, from the same
address; they are told apart by their beginning.
"""

import re
from typing import NamedTuple

_DATAGRAM = re.compile(rb"mark ([0-9]{1,18}) (-?[0-9]{1,18})\n")


class PassedMark(NamedTuple):
    """A mark: its position in the relay's stream in bytes, and the timestamp that ffmpeg gave it in ms."""

    position: int
    timestamp: int

    def to_datagram(self) -> bytes:
        """Return the datagram."""
        return b"mark %d %d\n" % (self.position, self.timestamp)

    @classmethod
    def read(cls, datagram: bytes) -> "PassedMark | None":
        """Read a datagram; None if it is another."""
        numbers = _DATAGRAM.fullmatch(datagram)
        return None if numbers is None else cls(int(numbers[1]), int(numbers[2]))
