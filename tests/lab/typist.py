"""Publishes at whatever address was typed: `typist.py JSON`; prints how it went. Standard library only.

It runs inside the container. RTMP: Adobe's "Real Time Messaging Protocol" 1.0; the values are AMF0.
"""

import json
import socket
import struct
import sys
import time

HALF = 1536
STAYS = 1.0
"""Seconds for which an accepted publisher stays."""

PATIENCE = 12.0
"""Seconds to wait for an answer: a refused key waits for 8 s."""


def text(words: str) -> bytes:
    """Return an AMF0 string."""
    return b"\x02" + prefixed(words)


def prefixed(words: str) -> bytes:
    """Return a text after its length."""
    return len(words.encode()).to_bytes(2, "big") + words.encode()


def message(number: int, stream: int, *values: bytes) -> bytes:
    """Return a command in chunks of 128 bytes."""
    name, *rest = values
    payload = name + b"\x00" + struct.pack(">d", number) + b"".join(rest)
    head = b"\x03" + bytes(3) + len(payload).to_bytes(3, "big") + b"\x14" + stream.to_bytes(4, "little")
    return head + b"\xc3".join(payload[at : at + 128] for at in range(0, len(payload), 128))


class Typist:
    """One connection; EOFError if the server ends it, TimeoutError if it says nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), PATIENCE)
        self._socket.sendall(b"\x03" + bytes(HALF))
        answer = b""
        while len(answer) < 1 + 2 * HALF:
            answer += self._receive()
        self._socket.sendall(answer[1 : 1 + HALF])

    def publish(self, application: str, url: str, name: str, early: "str | None") -> None:
        """Do what OBS does; `early` is the name in releaseStream and FCPublish, "" leaves them out."""
        place = (
            b"\x03" + prefixed("app") + text(application) + prefixed("tcUrl") + text(url) + b"\x00\x00\x09"
        )
        self._send(message(1, 0, text("connect"), place))
        self._wait_for(b"NetConnection.Connect.Success")
        early = name if early is None else early
        if early:
            self._send(message(2, 0, text("releaseStream"), b"\x05", text(early)))
            self._send(message(3, 0, text("FCPublish"), b"\x05", text(early)))
        self._send(message(4, 0, text("createStream"), b"\x05"))
        self._wait_for(b"\x02\x00\x07_result\x00" + struct.pack(">d", 4))
        self._send(message(5, 1, text("publish"), b"\x05", text(name), text("live")))
        # SRS says onFCPublish with the same code before it asks whether the publisher may.
        self._wait_for(b"onStatus", b"NetStream.Publish.Start")

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _wait_for(self, *words: bytes) -> None:
        """Wait for words in this order."""
        answer = b""
        for each in words:
            while each not in answer:
                answer += self._receive()
            answer = answer.partition(each)[2]

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        return data


def main(typed: dict[str, str]) -> str:
    """Return "accepted", "refused" or "silence"."""
    try:
        Typist(typed.pop("host"), 1935).publish(**typed)
    except TimeoutError:
        return "silence"
    except (EOFError, OSError):
        return "refused"
    time.sleep(STAYS)
    return "accepted"


if __name__ == "__main__":
    print(main(json.loads(sys.argv[1])))
