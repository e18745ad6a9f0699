"""Publishes hostile streams with a valid key: `fuzz_publisher.py SEED SECONDS MATERIAL`, the stream on stdin.

It runs inside the container and writes JSON at the end. Standard library only. The stream is the name with
the key, as OBS sends it. Whenever the server ends a connection, it connects again.
"""

import json
import select
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from . import packets
from .hostile import HostilePublisher, HostileStep, Material

SERVER = ("127.0.0.1", 1935)
CONNECTED, STARTED = b"NetConnection.Connect.Success", b"NetStream.Publish.Start"
ANSWER_SECONDS = 10.0
AWAY = (0.2, 2.0)
LEAVES = 0.0005
"""How likely it is after each tag that the publisher goes by itself."""
EXTENDED = 0xFFFFFF
LANE = 4
CHUNK = 65536


class EndedError(Exception):
    """The server has refused the publish or ended the connection."""


def encoded(step: HostileStep) -> bytes:
    """Return an RTMP message with a header of type 0. A timestamp of 24 bits is extended (5.3.1.3)."""
    extended = step.timestamp.to_bytes(4) if step.timestamp >= EXTENDED else b""
    head = min(step.timestamp, EXTENDED).to_bytes(3) + len(step.body).to_bytes(3) + bytes((step.kind,))
    pieces = [step.body[at : at + CHUNK] for at in range(0, max(1, len(step.body)), CHUNK)]
    first = bytes((LANE,)) + head + (1).to_bytes(4, "little") + extended
    return first + (bytes((0xC0 | LANE,)) + extended).join(pieces)


class FuzzConnection:
    """One publish: the connection, and what the server says."""

    def __init__(self, stream: str) -> None:
        self._socket = socket.create_connection(SERVER, ANSWER_SECONDS)
        self._socket.sendall(packets.first_half())
        answer = b""
        while len(answer) < 1 + 2 * packets.HALF:
            answer += self._receive()
        size = packets.message(CHUNK.to_bytes(4), kind=packets.CHUNK_SIZE, lane=2)
        address = f"rtmp://{SERVER[0]}/live"
        connect, begin = packets.publish(stream, address)
        self._socket.sendall(answer[1 : 1 + packets.HALF] + connect)
        self._wait_for(CONNECTED)
        self._socket.sendall(begin + size)
        self._wait_for(STARTED)

    def _wait_for(self, words: bytes) -> None:
        answer = b""
        while words not in answer:
            answer += self._receive()

    def send(self, step: HostileStep, due: float) -> None:
        """Send a tag when its time has come; EndedError if the server has hung up."""
        while True:
            left = max(0.0, due - time.monotonic())
            if select.select([self._socket], [], [], left)[0]:
                self._receive()
            elif time.monotonic() >= due:
                break
        self._socket.sendall(encoded(step))

    def close(self) -> None:
        """Close the connection without a word."""
        self._socket.close()

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise EndedError
        return data


def publish(
    stream: str, publisher: HostilePublisher, random: Random, until: float, done: Counter[str]
) -> None:
    """Publish once, until the server or the publisher has had enough."""
    connection = FuzzConnection(stream)
    done["publishes"] += 1
    due = time.monotonic()
    try:
        for step in publisher.steps():
            due = max(due + step.pause / 1000, time.monotonic())
            connection.send(step, due)
            done["tags"] += 1
            if time.monotonic() > until or random.random() < LEAVES:
                done["left"] += 1
                return
    finally:
        connection.close()


def main(seed: int, seconds: float, material: Path, stream: str) -> None:
    """Publish again and again for some seconds."""
    random, until, done = Random(seed), time.monotonic() + seconds, Counter[str]()
    described = json.loads(material.read_text())
    group = tuple((at, kind, bytes.fromhex(body)) for at, kind, body in described["group"])
    headers = tuple((kind, bytes.fromhex(body)) for kind, body in described["headers"])
    publisher = HostilePublisher(random, Material(headers, group, described["length"]))
    while time.monotonic() < until:
        try:
            publish(stream, publisher, random, until, done)
        except (EndedError, OSError) as error:
            done[f"ended: {type(error).__name__}"] += 1
        time.sleep(random.uniform(*AWAY))
    print(json.dumps(done))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]), sys.stdin.read().strip())
