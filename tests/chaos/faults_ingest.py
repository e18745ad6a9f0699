"""What goes wrong with the ingest server, and with systemd itself."""

import signal

from tests.chaos.ends import FALLBACK_ON
from tests.chaos.fault import Act, Fault
from tests.chaos.faults_program import leave
from tests.chaos.stage import Stage
from tests.lab import units
from tests.lab.scene import FALLBACK

INGEST = "restream-ingest.service"
HOLD = "restream-off-air.timer"


def kill(stage: Stage) -> None:
    before = units.pids(stage.container, INGEST)
    units.signal_all(stage.container, INGEST, signal.SIGKILL)
    stage.wait(lambda: units.pids(stage.container, INGEST) not in ([], before), 20, "the server to be back")


def kill_live(stage: Stage) -> None:
    kill(stage)
    stage.wait_for(FALLBACK)


def is_held(stage: Stage) -> str:
    """Say that the hold does not run, while it does not."""
    return "" if stage.container.is_active(HOLD) else "the hold does not run"


def manager(verb: str) -> Act:
    """Ask systemd itself for something while all is well."""

    def act(stage: Stage) -> None:
        stage.systemctl(verb)

    return act


def manager_at_drop(verb: str) -> Act:
    """Ask systemd itself for something in the moment after OBS has stopped."""

    def act(stage: Stage) -> None:
        stage.obs.kill()
        stage.systemctl(verb)
        stage.wait_for(FALLBACK)

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
