"""A platform that refuses every connection, and the answers with which it does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from restream_agent.rtmp import amf0
from restream_agent.rtmp.chunks import ChunkMessage, ChunkReader, chunked
from restream_agent.rtmp.handshake import PART

ELSEWHERE = "rtmp://edge7.example.net:1936/app2"
REDIRECT: dict[str, amf0.Value] = {
    "level": "error", "code": "NetConnection.Connect.Rejected", "description": "[ AccessManager.Reject ]",
    "ex": {"code": 302.0, "redirect": ELSEWHERE},
}  # fmt: skip


@contextmanager
def platform(answer: bytes, heard: list[bytes]) -> Iterator[str]:
    """Yield the URL of a server that answers one `connect`, and notes what it heard."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            connection.settimeout(10)
            with connection, connection.makefile("rb") as reader:
                hello = reader.read(1 + PART)
                connection.sendall(hello + bytes(PART))
                reader.read(PART)
                chunks = ChunkReader()
                while not heard:
                    heard.extend(message.body for message in chunks.feed(reader.read1(4096)))
                connection.sendall(answer)
                reader.read(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"rtmp://127.0.0.1:{server.getsockname()[1]}/app"
        thread.join()


def command(*values: amf0.Value) -> bytes:
    """Return a command of a server in chunks."""
    return chunked(ChunkMessage(3, 20, 0, 0, amf0.encode(*values)))
