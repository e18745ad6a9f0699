"""One relay's connection to the program: its socket, its queue, and its name.

An edge of the program; fanout.py decides what is in the queue.
"""

import re
import selectors
import socket
import struct
from pathlib import Path

from restream_agent.program.crash_state import Remainder
from restream_agent.stream.fanout import RelayQueue
from restream_agent.systemd.unit_names import relay_of

_UNIT = re.compile(r"/(ffmpeg-relay@[^/\n]+\.service)(?:/|$)", re.MULTILINE)
_CREDENTIALS = struct.Struct("3i")


def peer_name(connection: socket.socket) -> str:
    """Return which relay is at the other end: its unit's instance, else "pid-N".

    The kernel tells the peer's process (SO_PEERCRED of unix(7)), its cgroup tells the unit.
    """
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, _, _ = _CREDENTIALS.unpack(credentials)
    try:
        found = _UNIT.search(Path(f"/proc/{pid}/cgroup").read_text())
    except OSError:
        found = None
    return relay_of(found[1]) if found else f"pid-{pid}"


class RelayConnection:
    """A connected relay. `store_name` is its name in systemd's file descriptor store."""

    def __init__(
        self, connection: socket.socket, store_name: str, outlet: RelayQueue, remainder: Remainder
    ) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.store_name = store_name
        self.outlet = outlet
        self._remainder = remainder
        self.outlet.prepend(remainder.load())
        self.outlet.beginning = remainder.beginning

    @property
    def name(self) -> str:
        """The platform's name, as in the unit's."""
        return self.store_name.removeprefix("relay-").rpartition("-")[0]

    def flush(self) -> int:
        """Send what the socket takes; raises OSError if it is gone. Returns the events to wait for."""
        outlet = self.outlet
        if outlet.beginning is not None and outlet.beginning != self._remainder.beginning:
            self._remainder.begin(outlet.beginning)
        try:
            while not outlet.is_empty:
                outlet.advance(self.socket.send(outlet.chunk()))
        except BlockingIOError:
            self._remainder.save(outlet.rest)
            return selectors.EVENT_READ | selectors.EVENT_WRITE
        self._remainder.save(outlet.rest)
        return selectors.EVENT_READ

    def is_closed(self) -> bool:
        """Whether the other end has gone; a relay never sends anything, so whatever comes is thrown away."""
        try:
            return not self.socket.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        """Let go of the connection."""
        self.socket.close()
        self._remainder.remove()
