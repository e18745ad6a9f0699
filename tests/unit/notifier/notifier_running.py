"""A notifier that runs, and a real webhook for it on loopback."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

from restream_agent.notifier.message import Patience
from restream_agent.notifier.service import Credentials, serve
from restream_agent.wire.settings import NotifierSettings
from tests.lab.deadline import wait_until

QUICK = Patience(first=0.01, longest=0.02, in_all=5.0)
SHORT = Patience(first=0.01, longest=0.02, in_all=0.5)


@dataclass
class WebhookServer:
    """A webhook's server: what it was sent, and the answers it still has to give before 204."""

    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    hangs: Flag = field(default_factory=Flag)
    released: Flag = field(default_factory=Flag)
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/hidden-path"

    def encrypt(self, certificate: Path, key: Path) -> None:
        """Speak TLS from now on."""
        assert self.server is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # The handshake is left to the thread of the connection: a client that stops in the middle of it would
        # otherwise block the thread that accepts, and the server could not be shut down.
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]


@contextmanager
def serving() -> Iterator[WebhookServer]:
    """Serve until the test is over."""
    found = WebhookServer()

    class WebhookHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append((dict(self.headers), body))
            if found.hangs.is_set():
                found.released.wait(20)
                return
            status, headers = found.answers.pop(0) if found.answers else (204, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), WebhookHandler)
    found.server = server
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


class RunningNotifier:
    """A notifier in a thread of its own loop, as its unit runs it, but for signals."""

    def __init__(
        self, settings: NotifierSettings, credentials: Credentials, patience: Patience = QUICK
    ) -> None:
        self.agent, events = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._events = events
        self._pool = ThreadPoolExecutor(1)
        self.stop: asyncio.Event | None = None
        self._done = self._pool.submit(self._run, events, settings, credentials, patience)

    def _run(
        self, events: socket.socket, settings: NotifierSettings, credentials: Credentials, patience: Patience
    ) -> None:
        async def main() -> None:
            self.loop = asyncio.get_running_loop()
            self.stop = asyncio.Event()
            await serve(events, settings, credentials, patience, self.stop)

        asyncio.run(main())

    def say(self, event: str = "live", platform: str | None = None, text: str = "live again") -> None:
        values = {"event": event, "platform": platform, "at": time.time(), "text": text}
        self.agent.send(json.dumps(values).encode())

    def end(self, *, by_stopping: bool) -> None:
        """Wait for the end, which must come within seconds."""
        if by_stopping:
            wait_until(lambda: self.stop is not None, 20, "the notifier to run")
            assert self.stop is not None
            self.loop.call_soon_threadsafe(self.stop.set)
        self._done.result(20)

    def close(self) -> None:
        if self.stop is not None and not self._done.done():
            self.loop.call_soon_threadsafe(self.stop.set)
        self._pool.shutdown()
        self.agent.close()
        self._events.close()


def settings(**values: Any) -> NotifierSettings:
    quick: dict[str, Any] = {"command": (), "every": 0.1, "timeout": 5.0, "collect": 0.02, "idle": 0.2}
    return NotifierSettings(**quick | values)
