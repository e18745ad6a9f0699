"""systemd's protocol for a service: readiness, status, watchdog, and the store of file descriptors.

Source: sd_notify(3). This module is ours for two reasons. The program gives systemd the sockets of its relays
to keep, and the sdnotify package cannot pass descriptors. The program and the launchers use the standard
library only, so that they start in milliseconds: hence also _socket (player/connections.py), and struct in
place of array, which loads collections. The agent needs neither and uses sdnotify.
"""

import _socket as socket
import os
import struct


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
            passed = struct.pack(f"{len(fds)}i", *fds)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)] if fds else []
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
