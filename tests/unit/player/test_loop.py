"""`live@` as a process, between a server of a few lines and a socket in the program's place."""

import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from restream_agent.rtmp import amf0
from restream_agent.rtmp.chunks import ChunkMessage, ChunkReader
from restream_agent.rtmp.tags import HEADER, encode
from tests.unit.rtmp.chunk_writing import ServerChunks, chunk_size

PROJECT = Path(__file__).resolve().parents[3]
RUN = f"""\
import sys
sys.path.insert(0, {str(PROJECT)!r})
from restream_agent.player import __main__, connections
connections.STUCK = 2.0
__main__.main()
"""

LARGEST_RESIDENT = 20_000
"""Kilobytes that `live@` may have. It has some 11,000."""

GREETED = 1 + 1536 + 1536
"""Bytes of C0, C1 and C2."""


def command(*values: amf0.Value) -> bytes:
    return ServerChunks().write(ChunkMessage(3, 20, 0, 0, amf0.encode(*values)))


def media(stamp: int, body: bytes, kind: int = 9) -> bytes:
    return ServerChunks().write(ChunkMessage(6, kind, 1, stamp, body))


ANSWERS = {
    "connect": command("_result", 1.0, {}, {}),
    "createStream": command("_result", 2.0, None, 1.0),
    "play": command("onStatus", 0.0, None, {"level": "status", "code": "NetStream.Play.Start"}),
}


class PlayerLab:
    """A server's listener, a program's listener, systemd's socket, and the player between them."""

    def __init__(self, directory: Path) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.program = socket.socket(socket.AF_UNIX)
        self.path = directory / "live.sock"
        self.program.bind(str(self.path))
        self.program.listen()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(directory / "notify"))
        for each in (self.listener, self.program, self.manager):
            each.settimeout(10)
        url = f"rtmp://127.0.0.1:{self.listener.getsockname()[1]}/live/main"
        self.player = subprocess.Popen(
            (sys.executable, "-I", "-S", "-c", RUN, url, str(self.path)),
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NOTIFY_SOCKET": str(directory / "notify")},
        )

    def serve(self) -> socket.socket:
        """Take the player until it may get the stream."""
        connection, _ = self.listener.accept()
        connection.settimeout(10)
        reader, heard = ChunkReader(), b""
        while len(heard) < 1537:
            heard += connection.recv(4096)
        connection.sendall(b"\x03" + bytes(3072))
        while len(heard) < GREETED:
            heard += connection.recv(4096)
        answers, said = dict(ANSWERS), reader.feed(heard[GREETED:])
        while answers:
            for message in said:
                if message.kind == 20:
                    connection.sendall(answers.pop(str(amf0.decode(message.body)[0])))
            said = reader.feed(connection.recv(4096)) if answers else []
        return connection

    def end(self) -> tuple[int, str]:
        """Return the player's exit status and its line, once it has ended."""
        _, words = self.player.communicate(timeout=20)
        assert words.count("\n") == 1, words
        return self.player.returncode, words.strip()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[PlayerLab]:
    """Return a player that has begun to connect."""
    lab = PlayerLab(tmp_path)
    with contextlib.closing(lab.listener), contextlib.closing(lab.program), contextlib.closing(lab.manager):
        yield lab
        lab.player.kill()
        lab.player.communicate()


def test_the_first_tag_reaches_the_program_and_no_connection_comes_before_it(lab: PlayerLab) -> None:
    """The program ends the stream that it has when another connects, so nothing connects in vain."""
    with lab.serve() as server:
        assert lab.manager.recv(100) == b"READY=1"
        assert select.select([lab.program], [], [], 0.2)[0] == []
        server.sendall(media(2**32 - 1, b"\x17\x01picture"))
        program, _ = lab.program.accept()
        expected = HEADER + encode(9, 2**32 - 1, b"\x17\x01picture")
        with program:
            program.settimeout(10)
            received = b""
            while len(received) < len(expected):
                received += program.recv(4096)
    assert received == expected


def test_it_ends_when_the_server_does(lab: PlayerLab) -> None:
    """With a line that says so."""
    lab.serve().close()
    assert lab.end() == (0, "<6>the server closed the connection")


def test_it_ends_when_the_publisher_does(lab: PlayerLab) -> None:
    """nginx-rtmp says so, and what came before it reaches the program."""
    with lab.serve() as server:
        eof = ServerChunks().write(ChunkMessage(2, 4, 0, 0, b"\0\x01\0\0\0\x01"))
        server.sendall(media(0, b"\x17\x01") + eof)
        program, _ = lab.program.accept()
        with program:
            assert lab.end() == (0, "<6>the publisher has gone")
            assert program.recv(4096) == HEADER + encode(9, 0, b"\x17\x01")


def test_it_ends_when_the_program_does(lab: PlayerLab) -> None:
    """At once, though the server is silent."""
    with lab.serve() as server:
        server.sendall(media(0, b"\x17\x01"))
        program, _ = lab.program.accept()
        program.recv(4096)
        program.close()
        assert lab.end() == (1, "<4>the program closed the connection")


def test_it_ends_when_there_is_no_program(lab: PlayerLab) -> None:
    """The line has the socket's path."""
    lab.path.unlink()
    with lab.serve() as server:
        server.sendall(media(0, b"\x17\x01"))
        assert lab.end() == (1, f"<4>{lab.path}: No such file or directory")


def test_a_server_that_lets_nobody_play_is_one_line(lab: PlayerLab) -> None:
    """SRS and nginx-rtmp close the connection of such a player without a word."""
    connection, _ = lab.listener.accept()
    connection.recv(4096)
    connection.close()
    assert lab.end() == (1, "<4>the server closed the connection instead of answering the handshake")


def test_bytes_that_are_not_rtmp_are_one_line(lab: PlayerLab) -> None:
    """No traceback, whatever the server says."""
    with lab.serve() as server:
        server.sendall(b"\x04\0\0\0\xff\xff\xff\x09\x01\0\0\0")
        assert lab.end() == (1, "<4>a message of 16777215 bytes is larger than any picture")


def test_a_server_that_is_not_there_is_one_line(lab: PlayerLab, tmp_path: Path) -> None:
    """The line has its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: it refuses
        port = taken.getsockname()[1]
        argv = (sys.executable, "-I", "-S", "-c", RUN, f"rtmp://127.0.0.1:{port}/live/main", str(lab.path))
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (1, f"<4>127.0.0.1:{port}: Connection refused\n")


def test_a_program_that_does_not_read_costs_no_memory(lab: PlayerLab) -> None:
    """The server is not read meanwhile; after STUCK the player ends."""
    with lab.serve() as server:
        server.settimeout(1)
        server.sendall(ServerChunks().write(chunk_size(65536)))
        data = ServerChunks(65536).write(ChunkMessage(6, 9, 1, 0, bytes(60_000)))
        sent = list[int]()
        with pytest.raises(TimeoutError):
            sent.extend(server.send(data) for _ in range(3000))
        status = Path(f"/proc/{lab.player.pid}/status").read_text()
        resident = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
        assert lab.end() == (1, "<4>the program has read nothing for 2 s")
    assert sum(sent) < 60_000_000
    assert resident < LARGEST_RESIDENT
