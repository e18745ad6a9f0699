"""Runs in a unit's place: tries what the unit may not do, and prints what stopped it as one line of JSON.

It runs with the machine's own Python and only its standard library. /opt/targets.json says what to try.
"""

import base64
import contextlib
import ctypes
import errno
import json
import os
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

TARGETS = "/opt/targets.json"
MARK = "probe of a place: "
SIZE = 1 << 20
MEDIA = 20_000  # bytes of a stream; what a server says to a player that it refuses has less
SYSTEM_CALLS = {  # x86-64
    "ptrace": (101, 0),
    "perf_event_open": (298, 0),
    "kcmp": (312, 0),
    "userfaultfd": (323, 0),
    "process_vm_readv": (310, 0),
    "process_vm_writev": (311, 0),
    "add_key": (248, 0),
    "request_key": (249, 0),
    "keyctl": (250, 0),
    "io_uring_setup": (425, 0),
    "pidfd_getfd": (438, -1),
}


def stopped_by(attempt: Callable[[], object]) -> str:
    """Return the name of the error that has stopped an attempt; "" if nothing has."""
    try:
        attempt()
    except TimeoutError:
        return "no answer"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "refused")
    return ""


def readable(places: list[str]) -> Iterator[bytes]:
    """Yield the content of each file below the places that this process can read."""
    for place in places:
        for directory, _, names in os.walk(place):
            for name in names:
                path = Path(directory, name)
                with contextlib.suppress(OSError):
                    if path.is_file():
                        yield path.read_bytes()[:SIZE]


def of_processes() -> Iterator[bytes]:
    """Yield what this process can read of other processes: environments and credentials."""
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(os.getpid()):
            with contextlib.suppress(OSError):
                yield (process / "environ").read_bytes()
            yield from readable([f"{process}/root/run", f"{process}/root/etc/restream-agent"])


def write(directory: str) -> None:
    """Create a file in a directory and remove it."""
    path = f"{directory}/probe"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    Path(path).unlink()


def connect(address: str) -> None:
    """Connect to a Unix socket, or to HOST:PORT; a refusal by the other machine counts as success."""
    if address.startswith("/"):
        kind = socket.SOCK_DGRAM if "telemetry" in address or "notify" in address else socket.SOCK_STREAM
        with socket.socket(socket.AF_UNIX, kind) as one:
            one.connect(address)
        return
    host, port = address.split(":")
    with contextlib.suppress(ConnectionRefusedError), socket.socket() as one:
        one.settimeout(1.5)
        one.connect((host, int(port)))


def ask(path: str) -> None:
    """Ask the ingest server's API."""
    with socket.create_connection(("127.0.0.1", 1985), 1.5) as one:
        one.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        if b" 200 " not in one.recv(SIZE).partition(b"\r\n")[0]:
            raise PermissionError(errno.EACCES, path)


def play(stream: str) -> None:
    """Play a stream from the ingest server; its name may have a query."""
    with socket.create_connection(("127.0.0.1", 1935), 1.5) as one:
        one.sendall(b"\x03" + bytes(1536))
        received = take(one, 1 + 2 * 1536)
        one.sendall(received[1 : 1 + 1536])
        one.sendall(command(0, b"connect", 1.0, {b"app": b"live", b"tcUrl": b"rtmp://127.0.0.1/live"}))
        take_result(one)
        one.sendall(command(0, b"createStream", 2.0, None))
        take_result(one)
        one.sendall(command(1, b"play", 3.0, None, stream.encode()))
        take(one, MEDIA)


def take(connection: socket.socket, size: int) -> bytes:
    """Receive so many bytes within 3 s of each other; OSError if they do not come."""
    data = b""
    connection.settimeout(3)
    while len(data) < size:
        piece = connection.recv(SIZE)
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data


def take_result(connection: socket.socket) -> None:
    """Receive until the server has answered a command."""
    data = b""
    while b"_result" not in data:
        data += take(connection, 1)


def command(stream: int, *values: object) -> bytes:
    """Return a command for an RTMP server, in chunks of 128 bytes."""
    body = b"".join(map(amf, values))
    head = b"\x03\0\0\0" + len(body).to_bytes(3, "big") + b"\x14" + stream.to_bytes(4, "little")
    return head + b"\xc3".join(body[at : at + 128] for at in range(0, len(body), 128))


def amf(value: object) -> bytes:
    """Encode a value in AMF0."""
    if isinstance(value, bytes):
        return b"\x02" + len(value).to_bytes(2, "big") + value
    if isinstance(value, float):
        return b"\0" + struct.pack(">d", value)
    if isinstance(value, dict):
        return b"\x03" + b"".join(amf(name)[1:] + amf(each) for name, each in value.items()) + b"\0\0\x09"
    return b"\x05"


def open_memory(pid: int) -> None:
    """Open the memory of a process."""
    with Path(f"/proc/{pid}/mem").open("rb"):
        pass


def start(unit: str) -> None:
    """Have systemd start a unit."""
    argv = ("systemctl", "--no-ask-password", "--no-block", "start", unit)
    done = subprocess.run(argv, capture_output=True, timeout=20, check=False)
    if done.returncode:
        raise PermissionError(errno.EACCES, done.stderr)


def refused_calls() -> Iterator[tuple[str, str]]:
    """Yield each system call of the list, and the error with which the filter stops it."""
    libc = ctypes.CDLL(None, use_errno=True)
    for name, (number, first) in SYSTEM_CALLS.items():
        ctypes.set_errno(0)
        libc.syscall(number, first, 0, 0, 0, 0, 0)
        yield name, "EPERM" if ctypes.get_errno() == errno.EPERM else ""


def main() -> None:
    """Try everything."""
    targets = json.loads(Path(TARGETS).read_text())
    secrets = {name: base64.b64decode(value) for name, value in targets["secrets"].items()}
    results = dict.fromkeys((f"reads {name}" for name in secrets), "not found")
    for content in (*readable(targets["places"]), *of_processes()):
        results |= {f"reads {name}": "" for name, value in secrets.items() if value in content}
    for directory in targets["directories"]:
        results[f"writes {directory}"] = stopped_by(partial(write, directory))
    for name, address in targets["addresses"].items():
        results[f"connects {name}"] = stopped_by(partial(connect, address))
    for name, stream in targets.get("streams", {}).items():
        results[f"plays {name}"] = stopped_by(partial(play, stream))
    for path in targets.get("api", ()):
        results[f"asks {path}"] = stopped_by(partial(ask, path))
    for unit in targets["units"]:
        results[f"starts {unit}"] = stopped_by(partial(start, unit))
    for unit, pid in targets["processes"].items():
        results[f"sees {unit}"] = stopped_by(Path(f"/proc/{pid}/status").read_bytes)
        results[f"memory {unit}"] = stopped_by(partial(open_memory, pid))
        results[f"kills {unit}"] = stopped_by(partial(os.kill, pid, 0))
    results |= {f"calls {name}": error for name, error in refused_calls()}
    print(MARK + json.dumps(results))


if __name__ == "__main__":
    main()
