"""What goes wrong with the agent: the broadcast does not need it."""

import random
import signal
import threading
import time

from tests.chaos.ends import LIVE
from tests.chaos.fault import STALL_MS, Fault
from tests.chaos.faults_program import leave
from tests.chaos.stage import HOOK_PORT, TOML, Stage
from tests.lab import units
from tests.lab.deadline import LabError
from tests.lab.network import is_connected
from tests.lab.scene import FALLBACK, MARKS

UNIT = "restream-agent.service"
APPLY = "restream-apply.service"
RESTARTS = 50  # at least, and at least so many states:
STATES = 16
PAUSE_SECONDS = 3.0  # at most, between two restarts: a new agent sees everything within 2 s
CAUGHT_SECONDS = 20.0
STATE_SECONDS = 15.0


def kill(stage: Stage) -> None:
    before = units.pids(stage.container, UNIT)
    units.signal_all(stage.container, UNIT, signal.SIGKILL)
    stage.wait(lambda: units.pids(stage.container, UNIT) not in ([], before), 20, "the agent to be back")


def kill_in_a_hook(stage: Stage) -> None:
    """Kill the agent as soon as the ingest server has connected to it with OBS's publish."""
    stage.obs.come()
    end = time.monotonic() + CAUGHT_SECONDS
    while not is_connected(stage.container, HOOK_PORT):
        if time.monotonic() > end:
            raise LabError("no hook was caught")
    kill(stage)


def kill_in_an_apply(stage: Stage) -> None:
    """Edit the TOML; kill the agent as soon as it has begun to have the edit applied."""
    before = stage.container.read(TOML)
    stage.undo.callback(_set_back, stage, before)
    stage.container.write(TOML, before.replace("[fallback]\n", '[fallback]\nopening = "4s"\n'))
    end = time.monotonic() + CAUGHT_SECONDS
    while stage.show(APPLY, "ActiveState") != "activating":
        if time.monotonic() > end:
            raise LabError("the edit was not seen")
    kill(stage)


def restart_50_times(stage: Stage) -> None:
    """Restart the agent again and again while OBS comes and goes; count what went wrong."""
    refused = stage.obs.refused
    stage.counts |= {"restarts": 0, "states": 0, "missed_states": 0}
    enough = threading.Event()
    thread = threading.Thread(target=_restart, args=(stage, enough), daemon=True)
    thread.start()
    try:
        while stage.counts["states"] < STATES or stage.counts["restarts"] < RESTARTS:
            stage.obs.leave()
            _expect(stage, FALLBACK)
            stage.obs.come()
            _expect(stage, stage.obs.encoder.mark)
    finally:
        enough.set()
        thread.join()
    stage.counts["refused_publishers"] = stage.obs.refused - refused
    for count in ("missed_states", "refused_publishers"):
        if stage.counts[count]:
            stage.complaints.append(f"{stage.counts[count]} {count.replace('_', ' ')}")
    stage.struck()


def is_applied(stage: Stage) -> str:
    """Say that the edit is not applied, while it is not."""
    if stage.show(APPLY, "ActiveState") == "activating":
        return "the edit is still being applied"
    done = stage.container.run(("restream-agent", "diff"), check=False)
    return "" if done.returncode == 0 else "the edit was not applied"


def _restart(stage: Stage, enough: threading.Event) -> None:
    pauses = random.Random(RESTARTS)
    while not enough.wait(pauses.uniform(0, PAUSE_SECONDS)):
        stage.systemctl("restart", UNIT)
        stage.counts["restarts"] += 1


def _expect(stage: Stage, source: str) -> None:
    """Count a state that does not come."""
    stage.counts["states"] += 1
    try:
        stage.wait_for(source, STATE_SECONDS)
        state = "live" if source in MARKS else FALLBACK
        stage.wait(lambda: stage.state() == state, STATE_SECONDS, f"`status` to say {state}")
    except LabError:
        stage.counts["missed_states"] += 1


def _set_back(stage: Stage, toml: str) -> None:
    stage.container.write(TOML, toml)
    stage.wait(lambda: not is_applied(stage), 60, "the edit to be undone")


FAULTS = (
    Fault("agent-killed-idle", "the agent is killed while nothing happens", kill),
    Fault(
        "agent-killed-in-hook", "the agent is killed in the middle of a hook", kill_in_a_hook, prepare=leave
    ),
    Fault(
        "agent-killed-in-apply",
        "the agent is killed in the middle of an apply",
        kill_in_an_apply,
        end=LIVE.and_also(is_applied),
        heals_within=60,
    ),
    Fault(
        "agent-restarted-50-times",
        "the agent is restarted 50 times while OBS comes and goes",
        restart_50_times,
        # An unpublish waits for the next agent, and meanwhile only the silence tells that OBS has gone.
        bound_ms=STALL_MS,
    ),
)
