"""A publisher that sends what it is told: `python3 -m tests.lab.script_publisher SCRIPT DIRECTORY`.

It runs inside the container and needs only the standard library. ffmpeg and OBS tidy what they send; this
publisher sends each tag of its script at its time, with timestamp and body untouched.

DIRECTORY/events gets a line of JSON for each of: connected, published, refused, closed (by the server), done.
DIRECTORY/sent gets 8 bytes for each tag sent: nanoseconds of the monotonic clock, as tap.py's.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from tests.lab import amf, script
from tests.lab.chunks import MessageWriter
from tests.lab.rtmp import COMMAND, KINDS, SET_CHUNK_SIZE, RtmpParser

SERVER = ("127.0.0.1", 1935)
USER_CONTROL = 4
PING, PONG = b"\x00\x06", b"\x00\x07"
HALF = 1536  # bytes of C1, C2, S1, S2
ANSWER_SECONDS = 10.0
READ_BYTES = 65536
STARTED = "NetStream.Publish.Start"


class PublishRefusedError(Exception):
    """The server has refused the connection or the publish, in its own words."""


class ServerGoneError(Exception):
    """The server has closed the connection, or does not answer."""


class PublisherConnection:
    """One connection that publishes one stream."""

    def __init__(self, manners: script.Manners, server: tuple[str, int] = SERVER) -> None:
        self._manners = manners
        self._socket = socket.create_connection(server, ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parser = RtmpParser(KINDS | {USER_CONTROL})
        self._writer = MessageWriter(is_compact=manners.is_compact)
        self._stream = 0

    def publish(self) -> None:
        """Do everything that comes before the first tag."""
        manners = self._manners
        self._shake_hands()
        self._write(2, SET_CHUNK_SIZE, manners.chunk_size.to_bytes(4))
        url = f"rtmp://{SERVER[0]}/{manners.application}" if manners.url is None else manners.url
        said = {"app": manners.application, "type": "nonprivate", "flashVer": "FMLE/3.0 (compatible; lab)"}
        self._command("connect", 1.0, {**said, "swfUrl": url, "tcUrl": url})
        self._result(1.0)
        early = manners.name if manners.early is None else manners.early
        if early:
            self._command("releaseStream", 2.0, None, early)
            self._command("FCPublish", 3.0, None, early)
        self._command("createStream", 4.0, None)
        stream = self._result(4.0)[3]
        if not isinstance(stream, float):
            raise ServerGoneError("createStream has no number in its answer")
        self._stream = int(stream)
        self._command("publish", 5.0, None, manners.name, "live", stream=self._stream)
        while not any(_code(command) == STARTED for command in self._receive()):
            pass

    def send(self, step: script.ScriptStep) -> None:
        """Send one tag now."""
        lane = self._manners.lanes[step.kind]
        self._write(lane, step.kind, step.body, stream=self._stream, timestamp=step.timestamp)

    def take(self, seconds: float) -> None:
        """Read what the server says within so many seconds."""
        if select.select([self._socket], [], [], max(0.0, seconds))[0]:
            self._receive()

    def leave(self) -> None:
        """Unpublish as OBS does if the manners say so, then close."""
        if self._manners.leaves == "unpublish":
            self._command("FCUnpublish", 6.0, None, self._manners.name)
            self._command("deleteStream", 7.0, None, float(self._stream))
        self._socket.close()

    def _shake_hands(self) -> None:
        self._send(b"\x03" + bytes(HALF))
        answer = b""
        while len(answer) < 1 + HALF:
            answer += self._read()
        self._send(answer[1 : 1 + HALF])
        list(self._parser.feed(answer, 0.0))  # the parser knows S0, S1, S2: they are as long as C0, C1, C2

    def _command(self, name: str, transaction: float, *values: amf.Value, stream: int = 0) -> None:
        lane = 4 if stream else 3
        self._write(lane, COMMAND, amf.encode(name, transaction, *values), stream=stream)

    def _write(self, lane: int, kind: int, body: bytes, *, stream: int = 0, timestamp: int = 0) -> None:
        self._send(self._writer.write(lane, kind, body, stream=stream, timestamp=timestamp))

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise ServerGoneError(str(error)) from error

    def _read(self) -> bytes:
        try:
            data = self._socket.recv(READ_BYTES)
        except OSError as error:
            raise ServerGoneError(str(error)) from error
        if not data:
            raise ServerGoneError("the server closed the connection")
        return data

    def _result(self, transaction: float) -> list[amf.Value]:
        while True:
            for command in self._receive():
                if command[:2] == ["_result", transaction]:
                    return command

    def _receive(self) -> list[list[amf.Value]]:
        """Wait for the next bytes and return the commands in them; PublishRefusedError for a refusal."""
        commands = []
        for message in self._parser.feed(self._read(), 0.0):
            if message.kind == USER_CONTROL and message.payload[:2] == PING:
                self._write(2, USER_CONTROL, PONG + message.payload[2:6])
            elif message.kind == COMMAND:
                command = amf.decode(message.payload)
                if _level(command) == "error":
                    raise PublishRefusedError(f"{_code(command)}: {_field(command, 'description')}")
                commands.append(command)
        return commands


def _field(command: list[amf.Value], name: str) -> str:
    information = command[-1] if command else None
    return str(information.get(name, "")) if isinstance(information, dict) else ""


def _code(command: list[amf.Value]) -> str:
    return _field(command, "code")


def _level(command: list[amf.Value]) -> str:
    return _field(command, "level")


class EventLog:
    """Writes the events, a line of JSON each."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def note(self, what: str, words: str = "", *, at: float | None = None) -> None:
        """Write one event with its time, by default now, in seconds of the monotonic clock."""
        at = time.monotonic() if at is None else at
        self._file.write(json.dumps({"what": what, "at": at, "words": words}) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def play(connection: PublisherConnection, steps: Iterable[script.ScriptStep], sent: BinaryIO) -> None:
    """Send each tag at its time; after a freeze, those whose time has passed at once."""
    begun = time.monotonic()
    for step in steps:
        while (left := begun + step.at - time.monotonic()) > 0:
            connection.take(left)
        sent.write(time.monotonic_ns().to_bytes(8))
        connection.send(step)
        connection.take(0)


def main(path: Path, directory: Path) -> None:
    """Publish once and note how that ended."""
    manners, steps = script.read(path.read_bytes())
    with closing(EventLog(directory / "events")) as log:
        try:
            connection = PublisherConnection(manners)
            log.note("connected")
            connection.publish()
            log.note("published")
            with (directory / "sent").open("wb", buffering=0) as sent:
                play(connection, steps, sent)
            ended = time.monotonic()  # before the server knows: the fallback may come before `leave` returns
            connection.leave()
            log.note("done", at=ended)
        except PublishRefusedError as error:
            log.note("refused", str(error))
        except (ServerGoneError, OSError) as error:
            log.note("closed", str(error) or type(error).__name__)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
