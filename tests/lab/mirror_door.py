"""A way out of a container's private network, to the mirrors of its apt and nowhere else.

A proxy for apt: it listens on the container's loopback and connects from the host. A host that is not a
mirror is refused, and noted.
"""

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from types import TracebackType
from urllib.parse import urlsplit

from tests.lab.container import Container

PORT = 3142
APT = f'Acquire::http::Proxy "http://127.0.0.1:{PORT}";\nAcquire::http::Pipeline-Depth "0";\n'
APT_FILE = "/etc/apt/apt.conf.d/00lab"

_LARGEST_HEAD = 16 * 1024
_TIMEOUT = 60.0

# Runs in the container's network: a socket belongs to the network in which it is made. It goes to the host
# over the socket that is standard input.
_LISTEN = f"""
import socket
listener = socket.create_server(("127.0.0.1", {PORT}))
socket.send_fds(socket.socket(fileno=0), [b"."], [listener.fileno()])
"""


class MirrorDoor:
    """Context manager; `refused` has the host of each request that no mirror was asked for."""

    def __init__(self, container: Container) -> None:
        self._container = container
        # Also of a root that has never asked them for its lists.
        named = ("apt-get", "indextargets", "--no-release-info", "--format", "$(SITE)")
        sites = container.run(named).stdout.split()
        self._mirrors = {urlsplit(site).hostname for site in sites}
        self.refused: list[str] = []
        self._listener: socket.socket | None = None

    def __enter__(self) -> "MirrorDoor":
        ours, theirs = socket.socketpair()
        with ours, theirs:
            argv = ("nsenter", f"--net=/proc/{self._container.leader}/ns/net", sys.executable, "-c", _LISTEN)
            subprocess.run(argv, stdin=theirs.fileno(), check=True, timeout=30)
            _, handles, _, _ = socket.recv_fds(ours, 1, 1)
        self._listener = socket.socket(fileno=handles[0])
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        self._container.write(APT_FILE, APT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the door is closed
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Answer one request, then close: apt makes another connection."""
        with suppress(OSError), client:
            client.settimeout(_TIMEOUT)
            head = _read_head(client)
            method, url, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            parts = urlsplit(url)
            if method != "GET" or parts.hostname not in self._mirrors:
                self.refused.append(f"{method} {parts.hostname}")
                client.sendall(b"HTTP/1.1 403 Not a mirror\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            kept = [
                line
                for line in head.split(b"\r\n")[1:]
                if not line.lower().startswith((b"connection:", b"proxy-"))
            ]
            request = f"GET {parts.path} HTTP/1.1\r\nConnection: close\r\n".encode() + b"\r\n".join(kept)
            with socket.create_connection((parts.hostname, parts.port or 80), timeout=_TIMEOUT) as mirror:
                mirror.sendall(request)
                while data := mirror.recv(256 * 1024):
                    client.sendall(data)


def _read_head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data or len(head) > _LARGEST_HEAD:
            raise OSError("no request")
        head += data
    return head
