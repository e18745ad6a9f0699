"""One relay's connection to the program: its socket, its queue and its name.

stream/fanout.py decides what is in the queue.
"""

import selectors
import socket

from restream_agent.program.crash_state import Remainder
from restream_agent.stream.fanout import RelayQueue


class RelayConnection:
    """A connected relay. `store_name` is its name in systemd's file descriptor store.

    `awaited` are the selector's events that its handler is called for.
    """

    def __init__(
        self, connection: socket.socket, store_name: str, queue: RelayQueue, remainder: Remainder
    ) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.awaited = selectors.EVENT_READ | selectors.EVENT_WRITE
        self.store_name = store_name
        self.queue = queue
        self._remainder = remainder
        self.queue.prepend(remainder.load())
        self.queue.beginning = remainder.beginning
        self.queue.is_counted = remainder.sent is not None
        self.queue.sent = remainder.sent or 0

    @property
    def name(self) -> str:
        """The platform's name, as in the name of the unit."""
        return self.store_name.removeprefix("relay-").rpartition("-")[0]

    @property
    def number(self) -> int:
        """How many connections of relays there had been when this came."""
        return int(self.store_name.rpartition("-")[2])

    def flush(self) -> int:
        """Send what the socket takes; return the events to wait for. Raises OSError if the relay is gone."""
        queue, events = self.queue, selectors.EVENT_READ
        try:
            while not queue.is_empty:
                queue.advance(self.socket.sendmsg(queue.chunks()))
        except BlockingIOError:
            events |= selectors.EVENT_WRITE
        if queue.beginning is not None and queue.beginning != self._remainder.beginning:
            self._remainder.begin(queue.beginning)
        self._remainder.save(queue.rest)
        self._remainder.count(queue.sent)
        return events

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
