"""The two connections of `live@`: to the ingest server, and to the program.

Of the module socket only the class is needed, which is that of _socket. The rest takes 9 of the 15 ms of the
player's imports (-X importtime), and a publisher waits for the player.
"""

import _socket as socket
import select

from restream_agent.rtmp.errors import NoConnectionError
from restream_agent.rtmp.tags import HEADER

_READ = 64 * 1024
"""Bytes that are read at a time."""

STUCK = 10.0
"""Seconds in which a side may take nothing. The server is not read meanwhile, so nothing piles up here."""


class ProgramGoneError(Exception):
    """The program's end is closed, missing or stuck. Its text is a line for the journal."""


class ProgramConnection:
    """The program's socket. It is connected with the first tag.

    It is not connected sooner, because the program ends the stream that it has when another one connects.
    """

    def __init__(self, path: str, poll: select.poll) -> None:
        self._path = path
        self._poll = poll
        self._socket: socket.socket | None = None

    def send(self, tags: list[bytes]) -> None:
        """Send tags, and wait while the program does not read; raises ProgramGoneError."""
        try:
            if self._socket is None:
                self._socket = self._connect()
                tags = [HEADER, *tags]
            self._socket.sendall(b"".join(tags))
        except TimeoutError:
            raise ProgramGoneError(f"the program has read nothing for {STUCK:.0f} s") from None
        except OSError as error:
            raise ProgramGoneError(f"{self._path}: {error.strerror}") from error

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(STUCK)
        connection.connect(self._path)
        self._poll.register(connection, select.POLLRDHUP)
        return connection


class ServerConnection:
    """The connection to the ingest server."""

    def __init__(self, host: str, port: int, poll: select.poll) -> None:
        # Not create_connection: its getaddrinfo loads the IDNA codec, which takes 10 ms (-X importtime).
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.settimeout(STUCK)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.connect((host, port))
        except OSError as error:
            raise NoConnectionError(f"{host}:{port}: {error.strerror or error}") from error
        poll.register(self._socket, select.POLLIN)
        self.descriptor = self._socket.fileno()

    def send(self, data: bytes) -> None:
        """Send what the protocol asks for, which is little; raises NoConnectionError."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise NoConnectionError(f"sending to the server: {error.strerror or error}") from error

    def read(self) -> bytes:
        """Return what has come, b"" at the end; raises NoConnectionError.

        It is acknowledged at once (TCP_QUICKACK, which the kernel forgets, tcp(7)): nginx-rtmp leaves Nagle's
        algorithm on, and would hold a picture back for up to 40 ms.
        """
        try:
            data = self._socket.recv(_READ)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except OSError as error:
            raise NoConnectionError(f"reading from the server: {error.strerror or error}") from error
        return data
