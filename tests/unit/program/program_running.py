"""The program as a real process, with the sockets and the descriptor store that systemd would give it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from restream_agent.stream.flv import HEADER, Reader, Tag, encode
from restream_agent.wire import records
from restream_agent.wire.program_settings import ProgramSettings
from tests.lab.deadline import wait_until

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""

NEVER = 600_000
"""Milliseconds that no test takes. A busy machine pauses, too: the tests about stalls alone say less."""

_AS_SYSTEMD_DOES = """
import fcntl, os, sys
passed = [int(fd) for fd in sys.argv[1].split(",")]
wanted = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in passed]
for fd in passed:
    os.close(fd)
for number, fd in enumerate(wanted):
    os.dup2(fd, 3 + number)
    os.close(fd)
os.environ["LISTEN_PID"] = str(os.getpid())
import pathlib
sys.path.insert(0, os.getcwd())
from restream_agent.program import __main__, doors
# The kernel says which unit has connected. Here everything comes from pytest, and the address of the other
# end says which unit it stands for.
doors.unit_of = lambda connection: pathlib.Path(connection.getpeername()).name.partition("=")[0]
sys.argv = ["program", *sys.argv[2:]]
__main__.main()
"""


def flv(tags: Iterable[Tag]) -> bytes:
    """Return a file or stream of the tags."""
    return HEADER + b"".join(encode(tag) for tag in tags)


class RunningProgram:
    """The program's process, and what systemd does for it: sockets, notifications, stored descriptors."""

    def __init__(self, directory: Path, first_fallback: list[Tag], **settings: int | tuple[str, ...]) -> None:
        self.channel: tuple[str, ...] = ()
        self.runtime = directory / "runtime"
        self.operator = directory / "operator"
        for one in (self.runtime, self.operator):
            one.mkdir()
        (directory / "fallback.flv").write_bytes(flv(first_fallback))
        self.settings = directory / "program.json"
        usual = ProgramSettings(
            fallback=(str(directory / "fallback.flv"),), operator=str(self.operator),
            telemetry=str(directory / "none"), stall=NEVER, opening=5000, settle=0, standby=False,
            silence=NEVER,
        )  # fmt: skip
        self.settings.write_text(records.to_file(replace(usual, **settings)))  # type: ignore[arg-type]
        self.stored: dict[str, socket.socket] = {}
        self.messages: list[str] = []
        self.errors = directory / "stderr"
        self._sockets = [_listener(directory / "live.sock"), _listener(directory / "relay.sock")]
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(directory / "notify"))
        self._directory = directory
        self._connections = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> "RunningProgram":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._notify.shutdown(socket.SHUT_RDWR)
        self._notify.close()
        for one in (*self._sockets, *self.stored.values()):
            one.close()

    def start(self) -> None:
        """Start the program with all that is stored for it, and wait until it says that it is ready."""
        self.messages.clear()
        passed = [*zip(("live", "relay"), self._sockets, strict=True), *self.stored.items()]
        fds = [one.fileno() for _, one in passed]
        environment = {
            **os.environ,
            "LISTEN_FDS": str(len(fds)),
            "LISTEN_FDNAMES": ":".join(name for name, _ in passed),
            "NOTIFY_SOCKET": str(self._directory / "notify"),
            "RUNTIME_DIRECTORY": str(self.runtime),
        }
        python = (sys.executable, "-IS", "-c", _AS_SYSTEMD_DOES)
        command = (*python, ",".join(map(str, fds)), str(self.settings), *self.channel)
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(command, env=environment, pass_fds=fds, stderr=errors)
        self.wait(lambda: self.said("READY=1"), "READY=1")

    def kill(self) -> None:
        """End the process as a crash would."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def leave(self, number: signal.Signals = signal.SIGINT) -> None:
        """End the process as a planned restart does; SIGTERM is that of a stop."""
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE) == 0, self.errors.read_text()
        # What it has sent is read: the last message of an ended process comes before this one.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"ENDED=1", str(self._directory / "notify"))
        wait_until(lambda: self.said("ENDED=1"), PATIENCE, "its last message")

    def said(self, what: str) -> bool:
        """Whether the running process has notified us of something."""
        return any(what in message for message in self.messages)

    def account(self) -> str:
        """Return what the program has said so far, for the message of a test that fails."""
        return "\n".join((*self.messages, self.errors.read_text()))

    def wait(self, predicate: Callable[[], bool], what: str) -> None:
        """Poll until it is so; what the program wrote to stderr is part of the failure."""

        def is_over() -> bool:
            return predicate() or self.process.poll() is not None

        wait_until(is_over, PATIENCE, f"{what}\n{self.errors.read_text()}")
        assert predicate(), f"the program ended before: {what}\n{self.errors.read_text()}"

    def connect(self, name: str, unit: str = "") -> socket.socket:
        """Connect to "live" or "relay" as a unit, by default as live@main or as another relay each time."""
        self._connections += 1
        usual = "live@main.service" if name == "live" else f"ffmpeg-relay@r{self._connections}.service"
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.bind(str(self._directory / f"{unit or usual}={self._connections}"))
        connection.connect(str(self._directory / f"{name}.sock"))
        return connection

    def _listen(self) -> None:
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self._notify, 4096, 8)
            except OSError:
                return
            if not data:
                return
            words = dict(line.split("=", 1) for line in data.decode().splitlines())
            if "FDSTORE" in words:
                self.stored[words["FDNAME"]] = socket.socket(fileno=fds[0])
            # systemd ignores a name that it does not keep.
            elif "FDSTOREREMOVE" in words and (removed := self.stored.pop(words["FDNAME"], None)):
                removed.close()
            self.messages.append(data.decode())


class RelayReader:
    """A relay: it connects to the program and reads what is sent."""

    def __init__(self, program: RunningProgram, unit: str = "") -> None:
        self._program = program
        self._socket = program.connect("relay", unit)
        self._reader = Reader()
        self.tags: list[Tag] = []

    def __enter__(self) -> "RelayReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def media(self) -> list[Tag]:
        """The sound and pictures that have arrived."""
        return [tag for tag in self.tags if tag.is_media]

    def read(self, predicate: Callable[[], bool], what: str) -> None:
        """Read until it is so; raises FlvError for anything that is no FLV, a second header too."""
        deadline = time.monotonic() + PATIENCE
        while not predicate():
            try:
                data = self._socket.recv(1 << 20)
            except TimeoutError:
                data = b""
            is_over = not data or time.monotonic() >= deadline
            assert not is_over, f"no {what} from the program, which said: {self._program.account()}"
            self.tags += self._reader.feed(data)

    def read_more(self, count: int = 20) -> None:
        """Read some more sound and pictures."""
        wanted = len(self.media) + count
        self.read(lambda: len(self.media) >= wanted, f"{count} more tags")


class LiveSender:
    """A publisher: sends its tags in real time from a thread, until it is stopped or all are sent."""

    def __init__(self, program: RunningProgram, tags: list[Tag], unit: str = "") -> None:
        self.socket = program.connect("live", unit)
        self._tags = tags
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def __enter__(self) -> "LiveSender":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.socket.close()

    def stop(self) -> None:
        """Fall silent, but stay connected."""
        self._stop.set()
        self._thread.join()

    def is_closed(self) -> bool:
        """Wait until the program hangs up."""
        try:
            return not self.socket.recv(1)
        except ConnectionResetError:
            return True

    def _send(self) -> None:
        begun = time.monotonic()
        try:
            self.socket.sendall(HEADER)
            for tag in self._tags:
                if self._stop.wait(max(0.0, begun + tag.timestamp / 1000 - time.monotonic())):
                    return
                self.socket.sendall(encode(tag))
        except OSError:
            return


def _listener(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.listen(4096)
    return made
