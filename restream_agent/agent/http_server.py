"""The HTTP server under the agent's application: uvicorn, changed in two places.

Both changes override methods of uvicorn's H11Protocol, which uvicorn does not document. They are the same in
uvicorn 0.29 and 0.54; pyproject.toml admits no newer version, and tests/unit/agent/test_http_server.py fails
with a version that has changed them.
"""

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

_FIRST_REQUEST = 0.3
"""Seconds that a new connection has for its first request when the agent stops. On loopback the request
follows at once, and a lost hook is a refused publisher."""

_SHUTDOWN = 10
"""Seconds that hooks in progress may take when the agent stops. On a busy machine systemd is slow to answer,
and a hook that is cut off is a refused publisher. The unit's TimeoutStopSec= is longer."""

_KEEP_ALIVE = 5
"""Seconds after which a connection without a further request is closed."""


def http_server(application: Starlette) -> uvicorn.Server:
    """Return the server for an application; its `serve` takes the sockets to listen on."""
    return uvicorn.Server(
        uvicorn.Config(
            application,
            http=HookProtocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_SHUTDOWN,
        )
    )


class HookProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, for one connection."""

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
