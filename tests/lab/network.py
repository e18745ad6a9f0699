"""Disturbances of the container's network: a cut connection, a redirected port, a missing host name."""

from pathlib import Path

from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.lab.obs import Obs

HOSTS = "/etc/hosts"
ESTABLISHED = "01"  # in /proc/net/tcp, include/net/tcp_states.h

# Packets are dropped on arrival: to the sender the network looks silent.
TABLE = """
table inet lab
delete table inet lab
table inet lab {
    chain cut { type filter hook input priority 0; }
    chain redirected { type nat hook output priority -100; }
}
"""


class Network:
    """Packet filter rules in the container, in a table of their own."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._apply(TABLE)

    def cut(self, client: int, server: int) -> None:
        """Drop every packet of a loopback connection in both directions; neither end is notified."""
        there = f"add rule inet lab cut tcp sport {client} tcp dport {server} drop"
        back = f"add rule inet lab cut tcp sport {server} tcp dport {client} drop"
        self._apply(f"{there}\n{back}")

    def redirect(self, user: str, port: int, new_port: int) -> None:
        """Redirect each new connection of a user to a loopback port to another port."""
        number = int(self._container.run(("id", "-u", user)).stdout)
        match = f"meta skuid {number} ip daddr 127.0.0.1 tcp dport {port}"
        self._apply(f"add rule inet lab redirected {match} redirect to :{new_port}")

    def restore(self) -> None:
        """Undo every cut and redirection."""
        self._apply(TABLE)

    def _apply(self, rules: str) -> None:
        self._container.run(("nft", "-f", "-"), input=rules)


def client_port(container: Container, obs: Obs, server: int) -> int:
    """Return the local port of an OBS's connection to a server port; LabError without a connection."""
    inodes = set()
    for pid in obs.pids():
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            inodes.add(entry.readlink().name.removeprefix("socket:[").removesuffix("]"))
    for local, remote, state, inode in _rows(container):
        if remote == server and state == ESTABLISHED and inode in inodes:
            return local
    raise LabError(f"OBS has no connection to port {server}")


def is_connected(container: Container, server: int) -> bool:
    """Tell whether a connection to a port exists."""
    return any(remote == server and state == ESTABLISHED for _, remote, state, _ in _rows(container))


def forget_name(container: Container, name: str) -> None:
    """Remove a name from the container's hosts file."""
    lines = container.read(HOSTS).splitlines()
    container.write(HOSTS, "".join(f"{line}\n" for line in lines if name not in line.split()))


def know_name(container: Container, name: str, address: str = "127.0.0.1") -> None:
    """Add a name to the container's hosts file unless it is there."""
    text = container.read(HOSTS)
    if name not in text.split():
        container.write(HOSTS, f"{text.rstrip()}\n{address} {name}\n")


def _rows(container: Container) -> list[tuple[int, int, str, str]]:
    """Return (local port, remote port, state, inode) of each IPv4 connection."""
    table = Path(f"/proc/{container.leader}/net/tcp").read_text()
    rows = (line.split() for line in table.splitlines()[1:])
    return [(_port(row[1]), _port(row[2]), row[3], row[9]) for row in rows]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
