"""Faults of the ingest server and of systemd itself."""

import time

from tests.chaos.broadcast import ChaosBroadcast
from tests.chaos.ends import FALLBACK_ON
from tests.chaos.fault import Act, Fault
from tests.chaos.faults_program import leave
from tests.lab.scene import FALLBACK

INGEST = "restream-ingest.service"
HOLD = "restream-off-air.timer"


def kill(broadcast: ChaosBroadcast) -> None:
    broadcast.kill(INGEST)


def kill_live(broadcast: ChaosBroadcast) -> None:
    killed = time.monotonic()
    kill(broadcast)
    broadcast.wait_for(FALLBACK, since=killed)


def is_held(broadcast: ChaosBroadcast) -> str:
    """Return in words that the hold does not run, or ""."""
    return "" if broadcast.is_active(HOLD) else "the hold does not run"


def manager(verb: str) -> Act:
    """Return an act: run a `systemctl` verb on systemd itself during the steady state."""

    def act(broadcast: ChaosBroadcast) -> None:
        broadcast.systemctl(verb)

    return act


def manager_at_drop(verb: str) -> Act:
    """Return an act: run a `systemctl` verb on systemd itself just after OBS stopped."""

    def act(broadcast: ChaosBroadcast) -> None:
        killed = time.monotonic()
        broadcast.obs.kill()
        broadcast.systemctl(verb)
        broadcast.wait_for(FALLBACK, since=killed)

    return act


FAULTS = (
    Fault("ingest-killed-live", "the ingest server is killed while live", kill_live),
    Fault(
        "ingest-killed-fallback",
        "the ingest server is killed while the hold runs",
        kill,
        prepare=leave,
        end=FALLBACK_ON.and_also(is_held),
    ),
    *(
        fault
        for verb in ("daemon-reload", "daemon-reexec")
        for fault in (
            Fault(f"{verb}-live", f"systemctl {verb} while live", manager(verb)),
            Fault(f"{verb}-at-drop", f"systemctl {verb} just after OBS stopped", manager_at_drop(verb)),
        )
    ),
)
