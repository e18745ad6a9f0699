"""The HTTP server under the agent's application: uvicorn, changed in four places.

The changes override methods of uvicorn's Server and H11Protocol, which are not documented. They are the same
in uvicorn 0.29 and 0.54. pyproject.toml admits no newer version, and a version that has changed them fails in
tests/unit/agent/test_http_server.py.
"""

import asyncio
from collections import OrderedDict
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

_FIRST_REQUEST = 0.3
"""Seconds that a new connection has for its first request when the agent stops. On loopback the request
follows at once, and a lost hook is a refused publisher."""

_SHUTDOWN = 10
"""Seconds that hooks in progress may take when the agent stops. On a busy machine systemd is slow to answer,
and a hook that is cut off is a refused publisher. The unit's TimeoutStopSec= is longer."""

_ONE_REQUEST = [("connection", "close")]
"""A header of every answer. The ingest servers open a connection for each hook; nobody may hold one open."""

REQUEST_WITHIN = 5.0
"""Seconds in which a connection has to send the head of its request."""

MOST_SILENT = 500
"""Connections that may be open without a request, each some 60 KB. Above that the oldest are closed."""

_SPARED = 0.3
"""Seconds for which a connection is not closed to make room. On loopback the request of a hook follows the
connection at once, but a burst of connections is accepted before any of them is read."""


class HookServer(uvicorn.Server):
    """uvicorn's server, which sleeps until it is to stop.

    uvicorn's own looks ten times a second whether it is. That was a third of what the agent took off air.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopped = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Serve until the stop."""
        self._loop = asyncio.get_running_loop()
        if not await self.on_tick(0):  # sets the headers of every answer
            await self._stopped.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at a signal, which may come while the loop sleeps."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)

    def stop(self) -> None:
        """Have `serve` end. In the event loop's thread."""
        self.should_exit = True
        self._stopped.set()


def http_server(application: Starlette, *, most_silent: int = MOST_SILENT) -> HookServer:
    """Return the server for an application; its `serve` takes the sockets to listen on."""

    class Protocol(HookProtocol):
        silent = SilentConnections(most_silent)

    return HookServer(
        uvicorn.Config(
            application,
            http=Protocol,
            headers=_ONE_REQUEST,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,  # it would stay that of the start
            timeout_graceful_shutdown=_SHUTDOWN,
        )
    )


class SilentConnections:
    """The connections that have not sent a request, in the order in which they came.

    A user of this machine can open thousands. They cost the agent neither its descriptors nor its memory, and
    no hook has to wait for them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._since: OrderedDict[HookProtocol, float] = OrderedDict()

    def add(self, connection: "HookProtocol", now: float) -> None:
        """Note a new connection; close the oldest ones if there are too many."""
        self._since[connection] = now
        while len(self._since) > self._most:
            oldest, since = next(iter(self._since.items()))
            if now - since < _SPARED:
                return
            self.remove(oldest)
            oldest.transport.abort()

    def remove(self, connection: "HookProtocol") -> None:
        """Forget a connection: it has sent a request, or it has ended."""
        self._since.pop(connection, None)


class HookProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, for one connection with one request."""

    silent: SilentConnections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the connection a bounded time for its request."""
        super().connection_made(transport)
        self._late = self.loop.call_later(REQUEST_WITHIN, transport.abort)
        self.silent.add(self, self.loop.time())

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._has_asked()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Handle what has arrived; a request that has begun has all the time that its answer takes."""
        super().handle_events()
        if self.cycle is not None:
            self._has_asked()

    def _has_asked(self) -> None:
        self._late.cancel()
        self.silent.remove(self)

    def shutdown(self) -> None:
        """Close an idle connection when the agent stops, but give a new one time for its first request."""
        if self.cycle is None:
            self.loop.call_later(_FIRST_REQUEST, super().shutdown)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answer a malformed head with 400; close the connection if a request is malformed after its head.

        By then the application may have answered, as it does without reading the body of a hook that has no
        token. uvicorn's second answer then raises LocalProtocolError in the event loop (seen with 0.54).
        """
        if self.cycle is None:
            super().send_400_response(msg)
        else:
            self.cycle.disconnected = True
            self.transport.close()
