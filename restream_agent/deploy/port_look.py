"""Looks whose each port of our units is now."""

import errno
import re
import socket
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from restream_agent.base import paths
from restream_agent.config.model import Config
from restream_agent.deploy.port_findings import OWNERS, Port, PortOwner, PortState, ports
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd

_LISTENING = {"tcp": "0A", "udp": "07"}
"""The kernel's numbers of these states, include/net/tcp_states.h; proc_net(5) has the columns."""


Running = Callable[[], Container[str]]


def look_at_ports(config: Config, running: Running) -> dict[Port, PortOwner]:
    """Return whose each port is now; `running` tells which of our units run, if that has to be known."""
    return {port: _owner(port, running) for port in ports(config)}


def running_owners(manager: Systemd) -> Running:
    """Return the question to systemd which of the units that listen on ports run."""
    return partial(manager.active, *OWNERS)


def _owner(port: Port, running: Running) -> PortOwner:
    """Try the port, and look who has it if it is not free.

    Only root, outside of a sandbox, sees other users' sockets. Where nobody is seen, a unit that runs and is
    configured for the port counts as its owner.
    """
    state = _try(port)
    if state is not PortState.TAKEN:
        return PortOwner(state)
    seen = list(_holders(port))
    if not seen:
        is_served = port.unit != unit_names.INGEST_UNIT or _is_served(port.number)
        return PortOwner(PortState.OURS if is_served and port.unit in running() else PortState.TAKEN)
    if any(_is_ours(port, pid) for pid in seen):
        return PortOwner(PortState.OURS)
    return PortOwner(PortState.TAKEN, f"{_name(seen[0])}, process {seen[0]}")


def _try(port: Port) -> PortState:
    """Bind a socket to the port for a moment. A user who may not do that learns nothing: it is FREE."""
    host, _, number = port.address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM if port.is_udp else socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(number)))
        except OSError as error:
            known = {errno.EADDRINUSE: PortState.TAKEN, errno.EADDRNOTAVAIL: PortState.FOREIGN}
            return known.get(error.errno or 0, PortState.FREE)
    return PortState.FREE


def _holders(port: Port) -> Iterator[int]:
    """Yield the processes that have a socket which listens on the port, as far as this user sees them."""
    sockets = {f"socket:[{inode}]" for inode in _sockets(port)}
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if sockets and any(str(each.readlink()) in sockets for each in (directory / "fd").iterdir()):
                yield int(directory.name)


def _sockets(port: Port) -> Iterator[str]:
    kind, number = "udp" if port.is_udp else "tcp", f"{int(port.number):04X}"
    for table in (Path(f"/proc/net/{kind}"), Path(f"/proc/net/{kind}6")):
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                cells = line.split()
                if cells[1].endswith(f":{number}") and cells[3] == _LISTENING[kind]:
                    yield cells[9]


def _is_ours(port: Port, pid: int) -> bool:
    """Whether a process belongs to the port's unit. Sockets of socket units are systemd's, too."""
    if pid == 1:
        return port.unit.endswith(".socket")
    with suppress(OSError):
        unit = port.unit.replace(".socket", ".service")
        return f"/{unit}" in Path(f"/proc/{pid}/cgroup").read_text()
    return False


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return "a program"


def _is_served(number: str) -> bool:
    """Whether the ingest server, by the configuration that is installed now, listens on the port.

    If its configuration file was removed by hand, the server may still run with it: also true.
    """
    places = [Path(path) for path in paths.INGEST_CONFIG.values()]
    texts = [place.read_text() for place in places if place.exists()]
    return not texts or any(re.search(rf"listen \S*:{number};", text) for text in texts)
