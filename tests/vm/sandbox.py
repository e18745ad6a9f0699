"""The walls of the sandbox: in each unit's place, what a line forbids is tried, and what stops it is told.

In a container a wall may seem to hold because the container has it too, or because what it is for is not
there. So in the place of a unit without a sandbox everything must succeed, else an attempt says nothing.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.lab.outside import OUTSIDE, connect_another_computer
from tests.system.places import PROBE, TARGETS, Place, stopped_by
from tests.system.wall_table import COLUMNS, PLACES, RUNNING, SEEING, table, targets
from tests.vm import sandbox_probe
from tests.vm.broadcast import KEYS, MachineBroadcast, ingest_key
from tests.vm.check import CheckRow

ALL = tuple(PLACES)
ROOTS = ("apply", "forget", "off-air")
NETWORKED = ("`live@`", "each relay", "agent", "notifier", "preparation", "apply", "ingest server")
INTERNET = ("each relay", "notifier", "ingest server")
READING_HOMES = ("preparation", "conversion", "apply")
BARE = Place("lab-bare.service")
BETWEEN = "wall between units"


@dataclass(frozen=True)
class Wall:
    """One line of the sandbox, and what is tried against it.

    line: the directive.
    attempt: the attempt's name in sandbox_probe.py.
    tried: the attempt in words.
    open_to: the places that may do it, each with its reason in the template of its unit.
    """

    line: str
    attempt: str
    tried: str
    open_to: tuple[str, ...] = ()


_SEES = tuple(name for name in SEEING if name != "program")
WALLS = (
    Wall("ProtectSystem=", "usr", "create a file in an open directory of /usr"),
    Wall("ProtectSystem=", "etc", "create a file in an open directory of /etc", ("apply",)),
    Wall("ProtectSystem=", "var", "create a file in an open directory of /var"),
    Wall("ReadOnlyPaths=", "run", "create a file in an open directory of /run"),
    Wall("ProtectHome=", "home", "read an open file in /home", READING_HOMES),
    Wall("ProtectHome=", "write home", "create a file in an open directory of /home"),
    Wall("PrivateTmp=", "tmp", "read an open file in the machine's /tmp"),
    Wall("PrivateDevices=", "device", "open a disk that everybody may read"),
    Wall("ProtectProc=", "processes", "see process 1", ("program", *_SEES)),
    Wall("ProtectKernelModules=", "modules", "list the kernel's modules"),
    Wall("ProtectKernelTunables=", "tunables", "open a setting of the kernel for writing"),
    Wall("ProtectKernelLogs=", "kernel log", "read the kernel's log"),
    Wall("ProtectControlGroups=", "groups", "make a control group in an open one"),
    Wall("ProtectClock=", "clock", "set the clock"),
    Wall("ProtectHostname=", "host name", "set the host's name"),
    Wall("LockPersonality=", "personality", "switch address randomisation off"),
    Wall("MemoryDenyWriteExecute=", "writable code", "map memory that is writable and executable"),
    Wall("RestrictNamespaces=", "namespace", "make a user namespace"),
    Wall("RestrictRealtime=", "realtime", "ask for real-time scheduling"),
    Wall("RestrictSUIDSGID=", "set-user-ID", "set the set-user-ID bit of an own file"),
    Wall("NoNewPrivileges=", "root", "run a set-user-ID program of root", ROOTS),
    Wall("SystemCallArchitectures=", "foreign", "run a program of another architecture"),
    Wall("UMask=", "umask", "make a file that others can read", ("apply",)),
    Wall("LimitCORE=", "core", "allow core dumps again"),
    Wall("CapabilityBoundingSet=", "low port", "listen on port 81", ("apply",)),
    Wall("RestrictAddressFamilies=", "packet socket", "open a socket for raw packets"),
    Wall("RestrictAddressFamilies=", "netlink", "open a netlink socket", ("apply", "ingest server")),
    Wall("RestrictAddressFamilies=", "internet socket", "open an internet socket", NETWORKED),
    Wall("PrivateNetwork=", "cards", "see a network card", NETWORKED),
    Wall("IPAddressDeny=", "datagram", "send a packet to another computer", INTERNET),
    Wall("IPAddressDeny=", "connection", "connect to another computer", INTERNET),
    *(
        Wall("SystemCallFilter=", f"calls {name}", f"call {name}")
        for name in (
            "bpf", "init_module", "io_uring_setup", "kexec_load", "keyctl", "mount", "perf_event_open",
            "pidfd_getfd", "process_vm_readv", "ptrace", "reboot", "swapon", "userfaultfd",
        )
    ),
)  # fmt: skip

# An i386 program: exit(42), and an invalid instruction if that is refused.
_FOREIGN = bytes.fromhex(
    "7f454c4601010100000000000000000002000300010000005480040834000000"
    "0000000000000000340020000100000000000000"
    "0100000000000000008004080080040862000000620000000500000000100000"
    "b801000000bb2a000000cd800f0b"
)
_PREPARE = f"""
    for top in /usr /etc /var /run /home /tmp /opt; do
        mkdir -p $top/{sandbox_probe.OPEN}; chmod 777 $top/{sandbox_probe.OPEN}
    done
    echo secret >/home/{sandbox_probe.SECRET}; cp /home/{sandbox_probe.SECRET} /tmp/
    chmod 644 /home/{sandbox_probe.SECRET} /tmp/{sandbox_probe.SECRET}
    mkdir -p /sys/fs/cgroup/{sandbox_probe.OPEN}; chmod 777 /sys/fs/cgroup/{sandbox_probe.OPEN}
    test -e /dev/lab-disk || mknod -m 666 /dev/lab-disk b $(stat -c '0x%t 0x%T' /dev/vda)
    mkdir -p /opt/lab; install -m 4755 /usr/bin/id {sandbox_probe.SETUID}
    base64 -d >{sandbox_probe.FOREIGN}; chmod 755 {sandbox_probe.FOREIGN}
"""
_LISTEN = f"""
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("{sandbox_probe.FAR}", {sandbox_probe.PORT}))
while True:
    print(one.recv(100).decode(), flush=True)
"""
_HEARD = "/run/lab-heard"
HEARING = "be heard by another computer"


def play(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Take the place of each unit, after that of a unit without walls."""
    _prepare(broadcast)
    bare = stopped_by(broadcast.guest, BARE, Path(str(sandbox_probe.__file__)))
    for wall in WALLS:
        if error := bare[f"tries {wall.attempt}"]:
            yield CheckRow(wall.line, "no sandbox", wall.tried, f"{error}, though nothing forbids it", False)
    allowed = table()
    for name, place in PLACES.items():
        _write_targets(broadcast)
        errors = stopped_by(broadcast.guest, place, PROBE, Path(str(sandbox_probe.__file__)))
        yield from judge_walls(name, errors)
        yield from judge_table(name, errors, allowed[name])
        yield from _files(broadcast, name, place, errors["tries files"])
        broadcast.wait_live(f"the broadcast to be whole after the probe in the place of {name}")
    yield from _heard(broadcast)


def judge_walls(name: str, errors: Mapping[str, str]) -> Iterator[CheckRow]:
    """Judge what the probe of the sandbox says in a place: errors by attempt, "" if nothing stopped it."""
    for wall in WALLS:
        error = errors[f"tries {wall.attempt}"]
        if name not in wall.open_to:
            is_stopped = error not in ("", sandbox_probe.BROKEN)
            yield CheckRow(wall.line, name, wall.tried, error or "nothing", is_stopped)


def judge_table(
    name: str, errors: Mapping[str, str], allowed: Mapping[str, Iterable[str]]
) -> Iterator[CheckRow]:
    """Judge what the probe of the table says in a place; `allowed` is the row of docs/security.md."""
    own = PLACES[name].unit.removesuffix(".service")
    rows = {column: {word.strip("`") for word in allowed[column]} for column in COLUMNS.values()}
    # They ended with the start of this unit, as all do with off-air, so no wall was tried.
    gone = {attempt.partition(" ")[2] for attempt, error in errors.items() if error == "ESRCH"}
    for attempt, error in errors.items():
        verb, _, target = attempt.partition(" ")
        if target in gone:
            continue
        if verb in ("memory", "kills", "sees"):
            is_allowed = target == own or (verb == "sees" and name in SEEING)
        elif verb in COLUMNS:
            is_allowed = target.strip("`") in rows[COLUMNS[verb]]
        else:
            continue
        if not is_allowed:
            yield CheckRow(BETWEEN, name, _in_words(verb, target), error or "nothing", bool(error))
        elif error and verb in COLUMNS:
            words = f"{error}, though docs/security.md allows it"
            yield CheckRow(BETWEEN, name, _in_words(verb, target), words, False)


def _in_words(verb: str, target: str) -> str:
    words = {
        "reads": f"read {target}",
        "writes": f"create a file in {target}",
        "connects": f"connect to {target}",
        "starts": f"start {target}",
        "memory": "open another unit's memory",
        "kills": "signal another unit's process",
        "sees": "see another unit's process",
    }
    return words[verb].replace("`", "")


def _files(broadcast: MachineBroadcast, name: str, place: Place, error: str) -> Iterator[CheckRow]:
    """Judge the limit of open files of a unit that has one: others may raise theirs."""
    limit = broadcast.guest.show(place.unit, "LimitNOFILE")
    if limit == broadcast.guest.show(place.unit, "LimitNOFILESoft"):
        is_limited = error.startswith("EMFILE") and error.endswith(f" at {limit} of {limit}")
        yield CheckRow("LimitNOFILE=", name, "open more files", error or "nothing", is_limited)


def _prepare(broadcast: MachineBroadcast) -> None:
    guest = broadcast.guest
    connect_another_computer(guest)
    guest.run(("sh", "-euc", _PREPARE), input=base64.b64encode(_FOREIGN).decode())
    guest.write("/run/systemd/system/lab-bare.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
    guest.write("/opt/lab/listen.py", _LISTEN)
    listen = f"exec {' '.join(OUTSIDE)} python3 /opt/lab/listen.py >{_HEARD}"
    guest.run(("systemd-run", "--quiet", "--unit=lab-listener", "--slice=lab.slice", "sh", "-c", listen))


def _write_targets(broadcast: MachineBroadcast) -> None:
    secrets = {
        "its platform's key": KEYS["alpha"],
        "other platforms' keys": KEYS["beta"],
        "ingest key": ingest_key(broadcast.guest),
        "hook token": broadcast.guest.read("/etc/restream-agent/hook-token").strip(),
    }
    processes = {unit: int(pid) for unit, pid in broadcast.processes(RUNNING).items()}
    broadcast.guest.write(TARGETS, json.dumps(targets(secrets, processes)))


def _heard(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Judge which units the other computer has received a packet from."""
    heard = set(broadcast.guest.read(_HEARD).split())
    may = {BARE.unit, *(PLACES[name].unit for name in INTERNET)}
    for name, place in PLACES.items():
        if place.unit not in may:
            words = "no packet arrived" if place.unit not in heard else "a packet arrived"
            yield CheckRow("IPAddressDeny=", name, HEARING, words, place.unit not in heard)
    for unit in sorted(may - heard):
        yield CheckRow("IPAddressDeny=", unit, HEARING, "no packet arrived, but may", False)
