"""A platform that costs little: it accepts every RTMP publisher, and throws away what they send.

Run as `python -m benchmarks.relay_sink PORT CHUNK_SIZE` in the network of the container. It looks at its
connections twenty times a second instead of waking up for each packet, and the kernel copies none of the
stream to it (MSG_TRUNC, tcp(7)). So what is measured around it is the relay, not the platform.
"""

import socket
import sys
import time
from contextlib import suppress

from tests.lab import amf
from tests.lab.chunks import MessageWriter
from tests.lab.rtmp import COMMAND, SET_CHUNK_SIZE, RtmpMessage, RtmpParser

EVERY = 0.05
"""Seconds. A stream of 6 Mb/s brings 37 KB in it, which the socket's buffer takes."""

_AT_ONCE = 1 << 20
_HELLO_BYTES = 1 + 1536
_COMMAND_LANE = 3
_WAITING = 128


class Publisher:
    """One connection, from the handshake on."""

    def __init__(self, connection: socket.socket, chunk_size: int) -> None:
        connection.setblocking(False)
        self._connection, self._chunk_size = connection, chunk_size
        self._parser, self._writer = RtmpParser(), MessageWriter()
        self._hello = b""
        self._publishes = False

    def look(self) -> bool:
        """Take what has come; whether the connection goes on."""
        try:
            while True:
                size = self._drop() if self._publishes else self._read()
                if not size:
                    return False
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _drop(self) -> int:
        return self._connection.recv_into(_THROWN_AWAY, _AT_ONCE, socket.MSG_TRUNC)

    def _read(self) -> int:
        data = self._connection.recv(65536)
        if len(self._hello) < _HELLO_BYTES:
            self._hello += data
            if len(self._hello) >= _HELLO_BYTES:
                # S0, S1 and S2, which repeats C1.
                self._connection.sendall(b"\x03" + bytes(1536) + self._hello[1:_HELLO_BYTES])
        for message in self._parser.feed(data, time.monotonic()):
            if message.kind == COMMAND:
                self._answer(message)
        return len(data)

    def _answer(self, message: RtmpMessage) -> None:
        name, transaction, *_ = amf.decode(message.payload)
        if name == "connect":
            size = self._chunk_size.to_bytes(4)
            self._connection.sendall(self._writer.write(2, SET_CHUNK_SIZE, size))
            self._command("_result", transaction, None, _status("NetConnection.Connect.Success"))
        elif name == "createStream":
            self._command("_result", transaction, None, 1.0)
        elif name == "publish":
            self._command("onStatus", 0.0, None, _status("NetStream.Publish.Start"), stream=1)
            self._publishes = True

    def _command(self, *values: amf.Value, stream: int = 0) -> None:
        body = amf.encode(*values)
        self._connection.sendall(self._writer.write(_COMMAND_LANE, COMMAND, body, stream=stream))


_THROWN_AWAY = bytearray(_AT_ONCE)


def _status(code: str) -> dict[str, amf.Value]:
    return {"level": "status", "code": code, "description": ""}


def main() -> None:
    """Serve until killed."""
    port, chunk_size = map(int, sys.argv[1:])
    listener = socket.create_server(("127.0.0.1", port), backlog=_WAITING)
    listener.setblocking(False)
    publishers: list[Publisher] = []
    while True:
        with suppress(BlockingIOError):
            while True:
                publishers.append(Publisher(listener.accept()[0], chunk_size))
        for publisher in [each for each in publishers if not each.look()]:
            publisher.close()
            publishers.remove(publisher)
        time.sleep(EVERY)


if __name__ == "__main__":
    main()
