"""The connection of `live@`, which brings the publisher's stream: bytes in, tags out."""

import socket

from restream_agent.program.report import Meter
from restream_agent.stream.flv import Reader, Tag

_READ = 256 * 1024
"""Bytes that are read from the socket at a time."""


class LiveConnection:
    """One connection of `live@`. `heard_at` is when it last brought data, in ms of the broadcast."""

    def __init__(self, connection: socket.socket, now: int) -> None:
        connection.setblocking(False)
        self.socket = connection
        self.heard_at = now
        self.meter = Meter()
        self._reader = Reader()

    def read(self, now: int) -> list[Tag] | None:
        """Read what is in the socket.

        Returns the tags that are complete now, or None at the end of the stream. Raises FlvError if the data
        is not a live FLV stream; the connection is of no use after that.
        """
        try:
            data = self.socket.recv(_READ)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self.heard_at = now
        tags = self._reader.feed(data)
        for tag in tags:
            self.meter.count(tag)
        return tags

    def is_silent(self, now: int, limit: int) -> bool:
        """Whether the connection has brought nothing for more than `limit` ms."""
        return now - self.heard_at > limit

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()
