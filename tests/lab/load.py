"""The program's memory and processor time with many relays of a heavy stream.

Run as `python -m tests.lab.load [RELAYS] [SECONDS]`. The program runs as in its unit, with sockets passed
in. This process acts as live@ in real time, and as the relays.
"""

import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from restream_agent.wire import records
from restream_agent.wire.program_settings import ProgramSettings
from tests.lab.clip import encode_noise

PROJECT = Path(__file__).resolve().parents[2]
_LAUNCH = (
    "import os,sys\n"
    "for want, have in enumerate(map(int, sys.argv[3:]), 10): os.dup2(have, want)\n"
    "for number in range(len(sys.argv) - 3): os.dup2(10 + number, 3 + number)\n"
    "os.environ |= {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': str(len(sys.argv) - 3)}\n"
    "os.execv(sys.argv[1], [sys.argv[1], '-I', '-c', os.environ.pop('PROGRAM'), sys.argv[2]])\n"
)
# Here everything comes from one process that is in no unit: the door says which unit a connection stands for.
_PROGRAM = """
import itertools
from restream_agent.program import __main__, doors
numbers = itertools.count()
def unit_of(connection):
    is_live = connection.getsockname().endswith("live.sock")
    return "live@main.service" if is_live else f"ffmpeg-relay@r{next(numbers)}.service"
doors.unit_of = unit_of
__main__.main()
"""


@dataclass(frozen=True)
class Load:
    """The figures: resident memory in MB, processor time as a part of one core, bit/s to each relay."""

    relays: int
    resident_mb: float
    core: float
    bitrate: float


def measure(relays: int = 10, seconds: float = 10.0, python: str = sys.executable) -> Load:
    """Play `seconds` of a 6 Mb/s stream to `relays`; raises CalledProcessError if ffmpeg fails."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        stream = directory / "live.flv"
        encode_noise(stream, bitrate=6_000_000, seconds=seconds + 3)
        listeners = {name: _listen(directory / f"{name}.sock") for name in ("live", "relay")}
        child = _start(directory, listeners, python, stream)
        try:
            return _play(child, directory, stream, relays, seconds)
        finally:
            child.kill()
            child.wait()
            for listener in listeners.values():
                listener.close()


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def _start(
    directory: Path, listeners: dict[str, socket.socket], python: str, fallback: Path
) -> subprocess.Popen[bytes]:
    settings = directory / "program.json"
    values = ProgramSettings(
        fallback=(str(fallback),), operator=str(directory), telemetry=str(directory / "none"), stall=1000,
        opening=5000, settle=0, standby=False, silence=15_000,
    )  # fmt: skip
    settings.write_text(records.to_file(values))
    fds = [listener.fileno() for listener in listeners.values()]
    environment = {"RUNTIME_DIRECTORY": str(directory), "PATH": os.environ["PATH"], "PROGRAM": _PROGRAM}
    argv = (python, "-c", _LAUNCH, python, str(settings), *map(str, fds))
    return subprocess.Popen(argv, pass_fds=fds, env=environment, cwd=PROJECT, stderr=subprocess.DEVNULL)


def _play(child: subprocess.Popen[bytes], directory: Path, stream: Path, relays: int, seconds: float) -> Load:
    selector = selectors.DefaultSelector()
    for _ in range(relays):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(directory / "relay.sock"))
        selector.register(connection, selectors.EVENT_READ)
    feed = ("ffmpeg", "-v", "error", "-re", "-i", str(stream), "-c", "copy", "-f", "flv")
    publisher = subprocess.Popen((*feed, f"unix:{directory / 'live.sock'}"), stdin=subprocess.DEVNULL)
    try:
        _drain(selector, 2.0)
        before, began = _processor_seconds(child.pid), time.monotonic()
        received = _drain(selector, seconds)
        took = time.monotonic() - began
        core = (_processor_seconds(child.pid) - before) / took
        if not received:
            raise RuntimeError("the program sent nothing to the relays")
        return Load(relays, _resident_mb(child.pid), core, received * 8 / relays / took)
    finally:
        publisher.kill()
        publisher.wait()
        for key in list(selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        selector.close()


def _drain(selector: selectors.BaseSelector, seconds: float) -> int:
    received, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in selector.select(0.2):
            assert isinstance(key.fileobj, socket.socket)
            received += len(key.fileobj.recv(1 << 20))
    return received


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    count, length = (*map(int, sys.argv[1:3]), 10, 10)[:2]
    print(measure(count, length))
