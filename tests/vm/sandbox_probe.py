"""Runs in a unit's place: tries what the sandbox forbids, and prints what stopped it as a line of JSON.

It runs with the machine's own Python and only its standard library, as tests/system/probe.py. What it opens
is open to every user (tests/vm/sandbox.py prepares it), so that a line of the sandbox stops it, and no other
right.
"""

import ctypes
import errno
import json
import mmap
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

MARK = "probe of a place: "
OPEN = "lab-open"  # a directory that everybody may write
SECRET = "lab-file"  # a file that everybody may read
SETUID = "/opt/lab/whoami"  # id(1) with the set-user-ID bit, which belongs to root
FOREIGN = "/opt/lab/exit42"  # a program of another architecture (i386) that exits with 42
BROKEN = "the attempt itself is wrong"
FAR, PORT = "198.51.100.2", 9  # another computer, tests/lab/outside.py

_LIBC = ctypes.CDLL(None, use_errno=True)
_MOUNT, _UNSHARE, _SETHOSTNAME, _CLOCK_SETTIME, _PERSONALITY = 165, 272, 170, 227, 135
_NEW_USER, _NO_RANDOM = 0x10000000, 0x0040000
_CALLS = {  # x86-64, with arguments that do nothing where the call is let through
    "bpf": (321, 99, 0, 0),
    "init_module": (175, 0, 0, 0),
    "io_uring_setup": (425, 0, 0, 0),
    "kexec_load": (246, 0, 1 << 20, 0),
    "keyctl": (250, 0, 99, 0),
    "mount": (_MOUNT, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0),
    "pidfd_getfd": (438, -1, 0, 0),
    "process_vm_readv": (310, 1, 0, 0),
    "ptrace": (101, 16, 0, 0),  # PTRACE_ATTACH
    "reboot": (169, 0, 0, 0),
    "swapon": (167, 0, 0, 0),
    "userfaultfd": (323, -1, 0, 0),
}


class OtherwiseStoppedError(Exception):
    """An attempt that something else than an error number has stopped; the text says what."""


def create(directory: str) -> None:
    path = Path(directory, OPEN, f"probe-{os.getpid()}")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    path.unlink()


def read(directory: str) -> None:
    Path(directory, SECRET).read_bytes()


def call(number: int, *arguments: object) -> None:
    ctypes.set_errno(0)
    if _LIBC.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "")


def pass_the_filter(number: int, *arguments: object) -> None:
    """Any error but EPERM says that the filter has let the call through to the kernel."""
    try:
        call(number, *arguments)
    except OSError as error:
        if error.errno == errno.EPERM:
            raise


def become_root() -> None:
    done = subprocess.run((SETUID, "-u"), capture_output=True, text=True, check=False, timeout=60)
    if done.stdout.strip() != "0":
        raise OtherwiseStoppedError(f"user stays {'its own' if done.returncode == 0 else 'without id'}")


def run_foreign() -> None:
    code = subprocess.run((FOREIGN,), check=False, timeout=60, capture_output=True).returncode
    if code != 42:
        raise OtherwiseStoppedError(f"signal {-code}" if code < 0 else f"exit status {code}")


def write_and_run() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def set_clock() -> None:
    now = time.clock_gettime_ns(time.CLOCK_REALTIME)
    call(_CLOCK_SETTIME, 0, (ctypes.c_long * 2)(*divmod(now, 10**9)))


def set_host_name() -> None:
    name = socket.gethostname().encode()
    call(_SETHOSTNAME, name, len(name))


def make_setuid() -> None:
    path = Path(f"/tmp/probe-{os.getpid()}")
    path.touch()
    try:
        path.chmod(0o4755)
    finally:
        path.unlink()


def let_others_read() -> None:
    path = Path(f"/tmp/probe-{os.getpid()}")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    mode = path.stat().st_mode & 0o777
    path.unlink()
    if not mode & 0o044:
        raise OtherwiseStoppedError(f"mode {mode:04o}")


def dump_core() -> None:
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))
    except ValueError as error:  # Python's word for EPERM
        raise PermissionError(errno.EPERM, "") from error


def be_realtime() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def bind_low_port() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 81))


def open_socket(family: int, kind: int) -> None:
    socket.socket(family, kind).close()


def see_network() -> None:
    if "inner" not in Path("/proc/net/dev").read_text():
        raise OtherwiseStoppedError("sees only loopback")


def see_first_process() -> None:
    Path("/proc/1/status").read_text()


def send_far() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(sys.argv[1].encode(), (FAR, PORT))


def connect_far() -> None:
    with socket.socket() as one:
        one.settimeout(5)
        try:
            one.connect((FAR, PORT))
        except ConnectionRefusedError:  # by the other computer: a packet has been there
            return
        except TimeoutError as error:
            raise OtherwiseStoppedError("packet dropped") from error


def list_modules() -> None:
    if not list(Path("/usr/lib/modules").iterdir()):
        raise OtherwiseStoppedError("sees nothing")


def read_kernel_log() -> None:
    call(103, 3, ctypes.create_string_buffer(16), 16)  # syslog(2), SYSLOG_ACTION_READ_ALL


def create_group() -> None:
    path = Path("/sys/fs/cgroup", OPEN, f"probe-{os.getpid()}")
    path.mkdir()
    path.rmdir()


def open_files() -> None:
    """Open files until a limit says no; a machine's own limit of a service is 524288."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = len(list(Path("/proc/self/fd").iterdir())) - 1
    opened: list[int] = []
    try:
        while len(opened) < 20_000:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        raise OtherwiseStoppedError(f"{error_name(error)} at {before + len(opened)} of {limit[0]}") from error
    finally:
        for each in opened:
            os.close(each)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "usr": lambda: create("/usr"),
    "etc": lambda: create("/etc"),
    "var": lambda: create("/var"),
    "run": lambda: create("/run"),
    "home": lambda: read("/home"),
    "write home": lambda: create("/home"),
    "tmp": lambda: read("/tmp"),
    "device": lambda: os.close(os.open("/dev/lab-disk", os.O_RDONLY)),
    "processes": see_first_process,
    "modules": list_modules,
    "tunables": lambda: os.close(os.open("/proc/sys/kernel/domainname", os.O_WRONLY)),
    "kernel log": read_kernel_log,
    "groups": create_group,
    "clock": set_clock,
    "host name": set_host_name,
    "personality": lambda: call(_PERSONALITY, _NO_RANDOM),
    "writable code": write_and_run,
    "namespace": lambda: call(_UNSHARE, _NEW_USER),
    "realtime": be_realtime,
    "set-user-ID": make_setuid,
    "root": become_root,
    "foreign": run_foreign,
    "umask": let_others_read,
    "core": dump_core,
    "low port": bind_low_port,
    "packet socket": lambda: open_socket(socket.AF_PACKET, socket.SOCK_RAW),
    "netlink": lambda: open_socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "internet socket": lambda: open_socket(socket.AF_INET, socket.SOCK_STREAM),
    "cards": see_network,
    "datagram": send_far,
    "connection": connect_far,
    "files": open_files,
    **{f"calls {name}": partial(pass_the_filter, *given) for name, given in _CALLS.items()},
}


def error_name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error))


def stopped_by(attempt: Callable[[], object]) -> str:
    """Return what has stopped an attempt: an error's name or words; "" if nothing has.

    The attempt is made in a child, with which ends what the attempt has changed in its process.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writer, _stopped_by(attempt).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as answer:
        said = answer.read().decode()
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return said if status == 0 else BROKEN


def _stopped_by(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OtherwiseStoppedError as stopped:
        return str(stopped)
    except OSError as error:
        return error_name(error)
    return ""


if __name__ == "__main__":
    print(MARK + json.dumps({f"tries {name}": stopped_by(attempt) for name, attempt in ATTEMPTS.items()}))
