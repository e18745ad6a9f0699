"""Faults of a relay: only its own platform may lose the connection."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.broadcast import ChaosBroadcast
from tests.chaos.fault import Fault

NAME = "delta"
UNIT = f"ffmpeg-relay@{NAME}.service"
SILENT_SECONDS = 3.0
RETRY_SECONDS = 90.0  # pauses between a relay's attempts grow


@contextmanager
def losing(broadcast: ChaosBroadcast) -> Iterator[None]:
    """Wait at the end until a connection of the platform has ended.

    It counts, and does not look for a moment without a connection: the next one may have begun by then.
    """
    ended = broadcast.connections_ended(NAME)
    yield
    broadcast.wait(lambda: broadcast.connections_ended(NAME) > ended, 30, f"{NAME} to lose its connection")


def kill(broadcast: ChaosBroadcast) -> None:
    with losing(broadcast):
        broadcast.systemctl("kill", "-s", "KILL", UNIT)


def stop(broadcast: ChaosBroadcast) -> None:
    broadcast.systemctl("kill", "-s", "STOP", UNIT)
    broadcast.wait(lambda: _is_silent(broadcast), 20, f"{NAME} to fall silent")


def kill_as_oom(broadcast: ChaosBroadcast) -> None:
    with losing(broadcast):
        broadcast.signal_all(UNIT, signal.SIGKILL)


def _is_silent(broadcast: ChaosBroadcast) -> bool:
    return broadcast.view.last_arrival(NAME) < time.monotonic() - SILENT_SECONDS


FAULTS = (
    Fault("relay-killed", "a relay is killed", kill, concerns=(NAME,), heals_within=RETRY_SECONDS),
    Fault(
        "relay-stopped",
        "a relay hangs (SIGSTOP)",
        stop,
        concerns=(NAME,),
        heals_within=RETRY_SECONDS,
    ),
    Fault(
        "relay-oom",
        "a relay is killed as by the kernel when memory is short: SIGKILL to every process of its unit"
        " (the kernel itself cannot do it: a container has no memory limits if the host uses cgroup v1)",
        kill_as_oom,
        concerns=(NAME,),
        heals_within=RETRY_SECONDS,
    ),
)
