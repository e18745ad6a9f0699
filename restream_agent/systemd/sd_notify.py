"""systemd's side of a service: readiness, status, watchdog, and the store of file descriptors.

Sources: sd_notify(3), sd_listen_fds(3). Only what the program needs and the sdnotify package lacks:
passing descriptors. Imports little, because the program must start in milliseconds.
"""

import array
import os
import socket


class ServiceManager:
    """Speaks to the service manager; silent where there is none."""

    def __init__(self, address: str | None = None) -> None:
        """`address` is $NOTIFY_SOCKET if not given; a leading "@" means the abstract namespace."""
        address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None

    def send(self, *assignments: str, fds: tuple[int, ...] = ()) -> None:
        """Send "KEY=value" assignments in one message, with file descriptors."""
        if self._socket is not None:
            message = "\n".join(assignments).encode()
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            self._socket.sendmsg([message], rights, 0, self._address)

    def store(self, name: str, fd: int) -> None:
        """Have systemd keep a descriptor across restarts of this service."""
        self.send("FDSTORE=1", f"FDNAME={name}", fds=(fd,))

    def forget(self, name: str) -> None:
        """Have systemd close what `store` gave it."""
        self.send("FDSTOREREMOVE=1", f"FDNAME={name}")


def watchdog_interval() -> float | None:
    """Return how often, in seconds, to send WATCHDOG=1: half the time that systemd allows."""
    limit = os.environ.get("WATCHDOG_USEC")
    return int(limit) / 2e6 if limit else None


def inherited() -> list[tuple[str, socket.socket]]:
    """Return the sockets that systemd passed, with their names, and clear them from the environment."""
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    if int(os.environ.pop("LISTEN_PID", "0")) != os.getpid():
        return []
    found = []
    for index in range(count):
        fd = 3 + index
        os.set_inheritable(fd, False)
        name = names[index] if index < len(names) else ""
        found.append((name, socket.socket(fileno=fd)))
    return found
