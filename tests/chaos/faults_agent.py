"""Faults of the agent. The broadcast must go on without it."""

import random
import threading
import time

from tests.chaos.broadcast import HOOK_PORT, TOML, ChaosBroadcast
from tests.chaos.ends import LIVE
from tests.chaos.fault import STALL_MS, Fault
from tests.chaos.faults_program import leave
from tests.lab.deadline import LabError
from tests.lab.network import is_connected
from tests.lab.scene import FALLBACK, MARKS

UNIT = "restream-agent.service"
APPLY = "restream-apply.service"
RESTARTS = 50  # at least
STATES = 16  # at least: how often live and fallback are reached
PAUSE_SECONDS = 3.0  # the longest pause between two restarts: a new agent needs 2 s to see everything
CAUGHT_SECONDS = 20.0
STATE_SECONDS = 15.0


def kill(broadcast: ChaosBroadcast) -> None:
    broadcast.kill(UNIT)


def kill_in_a_hook(broadcast: ChaosBroadcast) -> None:
    """Kill the agent as soon as the ingest server has connected to it with OBS's publish."""
    broadcast.obs.come()
    end = time.monotonic() + CAUGHT_SECONDS
    while not is_connected(broadcast.container, HOOK_PORT):
        if time.monotonic() > end:
            raise LabError(f"no connection to the agent was seen within {CAUGHT_SECONDS:g} s")
    kill(broadcast)


def kill_in_an_apply(broadcast: ChaosBroadcast) -> None:
    """Edit the TOML; kill the agent as soon as the apply of the edit has begun."""
    before = broadcast.container.read(TOML)
    broadcast.undo.callback(_set_back, broadcast, before)
    broadcast.container.write(TOML, before.replace("[fallback]\n", '[fallback]\nopening = "4s"\n'))
    end = time.monotonic() + CAUGHT_SECONDS
    while broadcast.show(APPLY, "ActiveState") != "activating":
        if time.monotonic() > end:
            raise LabError(f"the agent did not begin to apply the edit within {CAUGHT_SECONDS:g} s")
    kill(broadcast)


def restart_50_times(broadcast: ChaosBroadcast) -> None:
    """Restart the agent again and again while OBS comes and goes; count missed states and refusals."""
    refused = broadcast.obs.refused
    broadcast.counts |= {"restarts": 0, "states": 0, "missed_states": 0}
    enough = threading.Event()
    thread = threading.Thread(target=_restart, args=(broadcast, enough), daemon=True)
    thread.start()
    try:
        while broadcast.counts["states"] < STATES or broadcast.counts["restarts"] < RESTARTS:
            broadcast.obs.leave()
            _expect(broadcast, FALLBACK)
            broadcast.obs.come()
            _expect(broadcast, broadcast.obs.encoder.mark)
    finally:
        enough.set()
        thread.join()
    broadcast.counts["refused_publishers"] = broadcast.obs.refused - refused
    for count in ("missed_states", "refused_publishers"):
        if broadcast.counts[count]:
            broadcast.complaints.append(f"{broadcast.counts[count]} {count.replace('_', ' ')}")
    broadcast.struck()


def is_applied(broadcast: ChaosBroadcast) -> str:
    """Return in words that the edit is not applied yet, or ""."""
    if broadcast.show(APPLY, "ActiveState") == "activating":
        return "the edit is still being applied"
    done = broadcast.container.run(("restream-agent", "diff"), check=False)
    return "" if done.returncode == 0 else "the edit was not applied"


def _restart(broadcast: ChaosBroadcast, enough: threading.Event) -> None:
    pauses = random.Random(RESTARTS)
    while not enough.wait(pauses.uniform(0, PAUSE_SECONDS)):
        broadcast.systemctl("restart", UNIT)
        broadcast.counts["restarts"] += 1


def _expect(broadcast: ChaosBroadcast, source: str) -> None:
    """Wait for a state, and count it as missed if it is not reached."""
    broadcast.counts["states"] += 1
    try:
        broadcast.wait_for(source, STATE_SECONDS)
        state = "live" if source in MARKS else FALLBACK
        broadcast.wait(lambda: broadcast.state() == state, STATE_SECONDS, f"`status` to say {state}")
    except LabError:
        broadcast.counts["missed_states"] += 1


def _set_back(broadcast: ChaosBroadcast, toml: str) -> None:
    broadcast.container.write(TOML, toml)
    broadcast.wait(lambda: not is_applied(broadcast), 60, "the edit to be undone")


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
        # The unpublish waits for the next agent; until then only the stall shows that OBS has gone.
        bound_ms=STALL_MS,
    ),
)
