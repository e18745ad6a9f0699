"""The agent's sockets, which restream-agent.socket creates and systemd passes on (sd_listen_fds(3))."""

import socket
from dataclasses import dataclass

from restream_agent.base.errors import RestreamError
from restream_agent.systemd.sd_notify import inherited


@dataclass(frozen=True)
class AgentSockets:
    """The socket for hooks, and those for the reports of the program and of the relays' ffmpegs."""

    hooks: socket.socket
    program: socket.socket
    progress: socket.socket


_KINDS = (
    (socket.AF_INET, socket.SOCK_STREAM),
    (socket.AF_UNIX, socket.SOCK_DGRAM),
    (socket.AF_INET, socket.SOCK_DGRAM),
)
"""Family and type of each socket, in the order of the fields of AgentSockets."""


def take_sockets() -> AgentSockets:
    """Return the sockets that systemd passed, non-blocking; RestreamError if they are not these three."""
    passed = {(listening.family, listening.type): listening for _, listening in inherited()}
    if set(passed) != set(_KINDS):
        raise RestreamError(
            "systemd did not pass the agent's sockets",
            hint="start the agent with: systemctl restart restream-agent.socket restream-agent.service",
        )
    for listening in passed.values():
        listening.setblocking(False)
    return AgentSockets(*(passed[kind] for kind in _KINDS))
