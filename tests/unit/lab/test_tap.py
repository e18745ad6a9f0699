"""The tap between a client and a platform, and the behaviours to which it can be switched."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.lab import tap
from tests.lab.deadline import wait_until
from tests.lab.taps import TapReader


class Tapped:
    """A tap on free loopback ports, in front of two servers that send their name to each client."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.servers = {name: socket.create_server(("127.0.0.1", 0)) for name in ("platform", "refuser")}
        ports = {name: str(server.getsockname()[1]) for name, server in self.servers.items()}
        arguments = ("0", ports["platform"], str(directory), ports["refuser"])
        self.process = subprocess.Popen((sys.executable, tap.__file__, *arguments))
        self._listening = directory / "port"

    def behave(self, how: str) -> None:
        """Ask for a behaviour and wait until the tap has it."""
        (self.directory / "behaviour").write_text(how)
        seen = self.directory / "behaviour.seen"
        wait_until(lambda: seen.exists() and seen.read_text() == how, 20, how)

    def connect(self) -> socket.socket:
        """Connect a client as soon as the tap listens."""
        wait_until(self._listening.exists, 20, "the tap to listen")
        return socket.create_connection(("127.0.0.1", int(self._listening.read_text())), timeout=20)

    def accept(self, name: str = "platform") -> socket.socket:
        """Accept the tap's connection to a server, and send the server's name."""
        self.servers[name].settimeout(20)
        connection, _ = self.servers[name].accept()
        connection.sendall(name.encode())
        return connection


def send_until_full(client: socket.socket) -> int:
    """Send until the socket accepts no more for a while; return the number of bytes sent."""
    client.settimeout(0.3)
    sent = 0
    with suppress(TimeoutError):
        while sent < 1 << 28:
            sent += client.send(bytes(65536))
    return sent


@pytest.fixture
def tapped(tmp_path: Path) -> Iterator[Tapped]:
    with ExitStack() as stack:
        made = Tapped(tmp_path)
        stack.callback(made.process.wait)
        stack.callback(made.process.kill)
        for server in made.servers.values():
            stack.enter_context(server)
        yield made


def test_a_tap_passes_on_and_notes(tapped: Tapped) -> None:
    """Both directions are passed on; the file has the begin and the end of the connection."""
    with tapped.connect() as client, tapped.accept() as server:
        assert client.recv(100) == b"platform"
        client.sendall(b"hello")
        assert server.recv(100) == b"hello"
    reader = TapReader(tapped.directory)
    wait_until(lambda: reader.update()[0].closed, 20, "the end to be noted")


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_platform_that_ends_a_connection_takes_the_next_one(tapped: Tapped, how: str) -> None:
    """The tap ends it by a FIN, which the client reads as an end, or by a reset."""
    with tapped.connect() as client, tapped.accept():
        assert client.recv(100) == b"platform"
        tapped.behave(how)
        if how == "close":
            assert client.recv(100) == b""
        else:
            with pytest.raises(ConnectionResetError):
                client.recv(100)
    with tapped.connect() as again, tapped.accept():
        assert again.recv(100) == b"platform"


def test_a_platform_that_refuses_is_another_server(tapped: Tapped) -> None:
    """Connections go to the refuser until the tap passes them on again."""
    tapped.connect().close()
    tapped.accept().close()
    tapped.behave("refuse")
    with tapped.connect() as client, tapped.accept("refuser"):
        assert client.recv(100) == b"refuser"
    tapped.behave("pass")
    with tapped.connect() as client, tapped.accept():
        assert client.recv(100) == b"platform"


def test_a_deaf_platform_keeps_its_connection_and_reads_on_later(tapped: Tapped) -> None:
    """While the tap does not read, the client's buffers fill; no byte is lost."""
    with tapped.connect() as client, tapped.accept() as server:
        assert client.recv(100) == b"platform"
        tapped.behave("deaf")
        sent = send_until_full(client)
        tapped.behave("pass")
        assert sent < 1 << 28
        server.settimeout(20)
        received = 0
        while received < sent:
            received += len(server.recv(65536))


def test_a_mute_platform_accepts_and_says_nothing(tapped: Tapped) -> None:
    """The open connection is closed; a new connection receives nothing until the tap passes again."""
    with tapped.connect() as client, tapped.accept():
        assert client.recv(100) == b"platform"
        tapped.behave("mute")
        assert client.recv(100) == b""
    with tapped.connect() as client:
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(100)
        tapped.behave("pass")
        client.settimeout(20)
        with tapped.accept():
            assert client.recv(100) == b"platform"
