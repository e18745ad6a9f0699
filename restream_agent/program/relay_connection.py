"""One relay's connection to the program: its socket, its queue and its name.

stream/fanout.py decides what is in the queue.
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
    """Return the name of the relay at the other end: its unit's instance, or "pid-N" without such a unit.

    The kernel gives the peer's process (SO_PEERCRED, unix(7)), and its cgroup gives the unit.
    """
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, _, _ = _CREDENTIALS.unpack(credentials)
    try:
        unit = _UNIT.search(Path(f"/proc/{pid}/cgroup").read_text())
    except OSError:
        unit = None
    return relay_of(unit[1]) if unit else f"pid-{pid}"


class RelayConnection:
    """A connected relay. `store_name` is its name in systemd's file descriptor store."""

    def __init__(
        self, connection: socket.socket, store_name: str, queue: RelayQueue, remainder: Remainder
    ) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.store_name = store_name
        self.queue = queue
        self._remainder = remainder
        self.queue.prepend(remainder.load())
        self.queue.beginning = remainder.beginning

    @property
    def name(self) -> str:
        """The platform's name, as in the name of the unit."""
        return self.store_name.removeprefix("relay-").rpartition("-")[0]

    def flush(self) -> int:
        """Send what the socket takes; return the events to wait for. Raises OSError if the relay is gone."""
        queue = self.queue
        if queue.beginning is not None and queue.beginning != self._remainder.beginning:
            self._remainder.begin(queue.beginning)
        try:
            while not queue.is_empty:
                queue.advance(self.socket.send(queue.chunk()))
        except BlockingIOError:
            self._remainder.save(queue.rest)
            return selectors.EVENT_READ | selectors.EVENT_WRITE
        self._remainder.save(queue.rest)
        return selectors.EVENT_READ

    def is_closed(self) -> bool:
        """Whether the relay has closed the connection. Data that a relay sends are discarded."""
        try:
            return not self.socket.recv(4096)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        """Close the connection and remove what was kept of it."""
        self.socket.close()
        self._remainder.remove()
