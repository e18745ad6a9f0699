"""The program's doors: its listening sockets, which let in only connections of certain units.

Each socket has a group of its own, so only such a unit, or root, can connect at all. A door looks again, and
its refusals cost little: a unit that has been taken over cannot stop the program by connecting.
"""

import errno
import os
import re
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from restream_agent.program.journal import log

_UNIT = re.compile(r"/([^/\n]+\.service)$", re.MULTILINE)
_PEER = struct.Struct("3i")
_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LOG_EVERY = 10.0
"""Seconds between two lines about refused connections: a flood of them must not flood the journal."""


def unit_of(connection: socket.socket) -> str:
    """Return the unit of the process that has connected, "" if it is in none.

    The kernel gives the process (SO_PEERCRED, unix(7)), and its cgroup gives the unit.
    """
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, _, _ = _PEER.unpack(peer)
    try:
        return unit_in(Path(f"/proc/{pid}/cgroup").read_text())
    except OSError:
        return ""


def unit_in(cgroups: str) -> str:
    """Return the unit that the text of /proc/PID/cgroup names, "" if it names none.

    Users can name units of their own like ours; theirs are below user.slice and do not count.
    """
    unit = _UNIT.search(cgroups)
    return unit[1] if unit is not None and "/user.slice/" not in cgroups else ""


def is_let_in(connection: socket.socket, instance_of: Callable[[str], str]) -> bool:
    """Whether a connection that came through a door, which had `instance_of`, would come through it now."""
    try:
        instance_of(unit_of(connection))
    except ValueError:
        return False
    return True


class Door:
    """A listening socket and the units that it lets in.

    `instance_of` returns the instance of a unit's name, and raises ValueError for a unit that is not let in.
    """

    def __init__(self, listener: socket.socket, instance_of: Callable[[str], str]) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._instance_of = instance_of
        self._name = Path(listener.getsockname()).name
        self._spare = _spare()
        self._logged_at = float("-inf")

    def accept(self) -> tuple[socket.socket, str] | None:
        """Take a connection that waits; return it with its unit's instance, or None if it is not let in."""
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            if error.errno in _FULL:
                self._turn_away(os.strerror(error.errno or 0))
            return None
        unit = unit_of(connection)
        try:
            return connection, self._instance_of(unit)
        except ValueError:
            self.refuse(connection, f"it comes from {unit or 'no unit'}")
            return None

    def refuse(self, connection: socket.socket, reason: str) -> None:
        """Close a connection, and log it unless a line was written just now."""
        connection.close()
        now = time.monotonic()
        if now - self._logged_at >= _LOG_EVERY:
            self._logged_at = now
            log(4, f"{self._name}: a connection is refused, {reason}")

    def _turn_away(self, reason: str) -> None:
        """Close a waiting connection for which no descriptor is left, with the help of a spare one.

        A connection that went on waiting would wake the loop again and again.
        """
        if self._spare >= 0:
            os.close(self._spare)
        try:
            with suppress(OSError):
                connection, _ = self._listener.accept()
                self.refuse(connection, reason)
        finally:
            self._spare = _spare()


def _spare() -> int:
    """Return a descriptor that can be given up, -1 if there is none left on the whole machine."""
    try:
        return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
