"""Runs in a unit's place: tries what the unit may not do, and prints what succeeded as one line of JSON.

It runs with the machine's own Python and only its standard library. /opt/targets.json says what to try.
"""

import base64
import contextlib
import ctypes
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

TARGETS = "/opt/targets.json"
MARK = "probe of a place: "
SIZE = 1 << 20
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


def succeeds(attempt: Callable[[], object]) -> bool:
    """Whether an attempt ends without an error."""
    try:
        attempt()
    except OSError:
        return False
    return True


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


def open_memory(pid: int) -> None:
    """Open the memory of a process."""
    with Path(f"/proc/{pid}/mem").open("rb"):
        pass


def start(unit: str) -> None:
    """Have systemd start a unit."""
    argv = ("systemctl", "--no-ask-password", "--no-block", "start", unit)
    done = subprocess.run(argv, capture_output=True, timeout=20, check=False)
    if done.returncode:
        raise PermissionError(done.stderr)


def refused_calls() -> Iterator[tuple[str, bool]]:
    """Yield each system call of the list, and whether the filter lets it through."""
    libc = ctypes.CDLL(None, use_errno=True)
    for name, (number, first) in SYSTEM_CALLS.items():
        ctypes.set_errno(0)
        libc.syscall(number, first, 0, 0, 0, 0, 0)
        yield name, ctypes.get_errno() != 1


def main() -> None:
    """Try everything."""
    targets = json.loads(Path(TARGETS).read_text())
    secrets = {name: base64.b64decode(value) for name, value in targets["secrets"].items()}
    found = dict.fromkeys((f"reads {name}" for name in secrets), False)
    for content in (*readable(targets["places"]), *of_processes()):
        for name, value in secrets.items():
            found[f"reads {name}"] |= value in content
    results = found
    for directory in targets["directories"]:
        results[f"writes {directory}"] = succeeds(partial(write, directory))
    for name, address in targets["addresses"].items():
        results[f"connects {name}"] = succeeds(partial(connect, address))
    for unit in targets["units"]:
        results[f"starts {unit}"] = succeeds(partial(start, unit))
    for unit, pid in targets["processes"].items():
        results[f"sees {unit}"] = Path(f"/proc/{pid}/status").exists()
        results[f"memory {unit}"] = succeeds(partial(open_memory, pid))
        results[f"kills {unit}"] = succeeds(partial(os.kill, pid, 0))
    results |= {f"calls {name}": passed for name, passed in refused_calls()}
    print(MARK + json.dumps(results))


if __name__ == "__main__":
    main()
