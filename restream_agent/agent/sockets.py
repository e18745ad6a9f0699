"""The agent's sockets, which restream-agent.socket creates and systemd passes on (sd_listen_fds(3))."""

import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from restream_agent.base.errors import RestreamError
from restream_agent.systemd.channels import MAIN
from restream_agent.systemd.passed_sockets import inherited

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AgentSockets:
    """The socket for hooks, one for the reports of each channel's program, one for those of all ffmpegs."""

    hooks: socket.socket
    programs: Mapping[str, socket.socket]
    progress: socket.socket


_REPORT = "report-"
"""FileDescriptorName= of a channel's socket is this and its name; that of `main` is in the other unit."""

_HOOKS = (socket.AF_INET, socket.SOCK_STREAM)
_PROGRAM = (socket.AF_UNIX, socket.SOCK_DGRAM)
_PROGRESS = (socket.AF_INET, socket.SOCK_DGRAM)


def take_sockets(others: tuple[str, ...] = ()) -> AgentSockets:
    """Return the sockets that systemd passed, non-blocking; `others` are the channels besides `main`.

    RestreamError if the sockets of restream-agent.socket are not there. Another channel whose socket is
    missing is logged, and works without the reports of its program.
    """
    shared, programs = {}, {}
    for name, passed in inherited():
        kind = (passed.family, passed.type)
        passed.setblocking(False)
        if kind != _PROGRAM:
            shared[kind] = passed
        elif (channel := name.removeprefix(_REPORT) if name.startswith(_REPORT) else MAIN) in (MAIN, *others):
            programs[channel] = passed
        else:  # of a channel that was removed
            passed.close()
    if set(shared) != {_HOOKS, _PROGRESS} or MAIN not in programs:
        raise RestreamError(
            "systemd did not pass the agent's sockets",
            hint="start the agent with: systemctl restart restream-agent.socket restream-agent.service",
        )
    for channel in others:
        if channel not in programs:
            log.error("systemd did not pass the socket of restream-report@%s.socket", channel)
    return AgentSockets(shared[_HOOKS], programs, shared[_PROGRESS])
