"""The sockets that systemd passes to a service. Source: sd_listen_fds(3)."""

import os
import socket


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
