"""systemd's protocol for a service: readiness, status, watchdog, and the store of file descriptors.

Sources: sd_notify(3), sd_listen_fds(3). This module is ours for two reasons. The program gives systemd the
sockets of its relays to keep, and the sdnotify package cannot pass descriptors. The program and the launchers
use the standard library only, so that they start in milliseconds. The agent needs neither and uses sdnotify.
"""

import array
import os
import socket


class ServiceManager:
    """A connection to the service manager. Without a manager, nothing is sent."""

    def __init__(self, address: str | None = None) -> None:
        """Take an address, by default $NOTIFY_SOCKET. A leading "@" means the abstract namespace."""
        address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None

    def send(self, *assignments: str, fds: tuple[int, ...] = ()) -> None:
        """Send assignments, each "KEY=value", in one message together with the file descriptors."""
        if self._socket is not None:
            message = "\n".join(assignments).encode()
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            self._socket.sendmsg([message], rights, 0, self._address)

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()

    def store(self, name: str, fd: int) -> None:
        """Give systemd a descriptor to keep across restarts of this service, under a name."""
        self.send("FDSTORE=1", f"FDNAME={name}", fds=(fd,))

    def forget(self, name: str) -> None:
        """Make systemd close the descriptor that was stored under this name."""
        self.send("FDSTOREREMOVE=1", f"FDNAME={name}")


def watchdog_interval() -> float | None:
    """Return how often to send WATCHDOG=1, in seconds: twice in the time that systemd allows.

    Returns None without a watchdog.
    """
    limit = os.environ.get("WATCHDOG_USEC")
    return int(limit) / 2e6 if limit else None


def inherited() -> list[tuple[str, socket.socket]]:
    """Return the sockets that systemd passed, each with its name.

    The variables are removed from the environment, so that no child process takes the sockets for its own.
    """
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    if int(os.environ.pop("LISTEN_PID", "0")) != os.getpid():
        return []
    sockets = []
    for index in range(count):
        fd = 3 + index
        os.set_inheritable(fd, False)
        name = names[index] if index < len(names) else ""
        sockets.append((name, socket.socket(fileno=fd)))
    return sockets
