"""The container's network, disturbed: one connection cut, a port led elsewhere, a name gone."""

from pathlib import Path

from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.lab.obs import Obs

HOSTS = "/etc/hosts"
ESTABLISHED = "01"  # in /proc/net/tcp, include/net/tcp_states.h

# What is dropped is dropped on arrival: to the sender it looks like a network that says nothing.
TABLE = """
table inet lab
delete table inet lab
table inet lab {
    chain cut { type filter hook input priority 0; }
    chain led { type nat hook output priority -100; }
}
"""


class Network:
    """Packet filter rules of the container, in a table of their own."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._apply(TABLE)

    def cut(self, client: int, server: int) -> None:
        """Drop every packet of a connection on loopback, both ways, without a word to either end."""
        there = f"add rule inet lab cut tcp sport {client} tcp dport {server} drop"
        back = f"add rule inet lab cut tcp sport {server} tcp dport {client} drop"
        self._apply(f"{there}\n{back}")

    def lead(self, user: str, port: int, elsewhere: int) -> None:
        """Have each new connection of a user to a port of loopback arrive at another one."""
        number = int(self._container.run(("id", "-u", user)).stdout)
        match = f"meta skuid {number} ip daddr 127.0.0.1 tcp dport {port}"
        self._apply(f"add rule inet lab led {match} redirect to :{elsewhere}")

    def restore(self) -> None:
        """Undo all of it."""
        self._apply(TABLE)

    def _apply(self, rules: str) -> None:
        self._container.run(("nft", "-f", "-"), input=rules)


def client_port(container: Container, obs: Obs, server: int) -> int:
    """Return the port an OBS sends from to a server's port; LabError if it is not connected."""
    inodes = set()
    for pid in obs.pids():
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            inodes.add(entry.readlink().name.removeprefix("socket:[").removesuffix("]"))
    for local, remote, state, inode in _rows(container):
        if remote == server and state == ESTABLISHED and inode in inodes:
            return local
    raise LabError(f"OBS has no connection to port {server}")


def is_connected(container: Container, server: int) -> bool:
    """Tell whether anybody has a connection to a port."""
    return any(remote == server and state == ESTABLISHED for _, remote, state, _ in _rows(container))


def forget_name(container: Container, name: str) -> None:
    """Take a name out of the container's hosts file."""
    lines = container.read(HOSTS).splitlines()
    container.write(HOSTS, "".join(f"{line}\n" for line in lines if name not in line.split()))


def know_name(container: Container, name: str, address: str = "127.0.0.1") -> None:
    """Put a name into the container's hosts file, unless it is there."""
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
