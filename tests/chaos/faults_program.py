"""What goes wrong with the program and with live@: no platform may lose its connection."""

import os
import signal
import time

from tests.chaos.ends import FALLBACK_ON, LIVE, End
from tests.chaos.fault import CUT_MS, HUNG_MS, KILLED_MS, Act, Fault
from tests.chaos.stage import NAMES, Stage
from tests.lab import units
from tests.lab.deadline import LabError, wait_until
from tests.lab.scene import FALLBACK

UNIT = "fallback.service"
TIMES = 10
CUT_SECONDS = 10.0
PROMPT_SECONDS = 0.003


def kill(stage: Stage) -> None:
    os.kill(_pid(stage), signal.SIGKILL)


def hang(stage: Stage) -> None:
    os.kill(_pid(stage), signal.SIGSTOP)


def restart(stage: Stage) -> None:
    stage.systemctl("restart", UNIT)


def leave(stage: Stage) -> None:
    """Have OBS leave, to be back after the fault has been measured."""
    stage.undo.callback(stage.obs.come)
    stage.obs.leave()
    stage.wait_for(FALLBACK)


def anew(harm: Act) -> Act:
    """Do harm and wait until another process is in its place."""

    def act(stage: Stage) -> None:
        before = _pid(stage)
        harm(stage)
        # By its state alone: a hung one is there until its watchdog has bitten.
        stage.wait(lambda: _is_replaced(stage, before), 20, "the program to be started again")

    return act


def at_drop(harm: Act) -> Act:
    """Do harm in the moment after OBS has stopped."""

    def act(stage: Stage) -> None:
        stage.obs.kill()
        anew(harm)(stage)

    return act


def at_return(harm: Act) -> Act:
    """Do harm in the moment after a platform has received the first packet of OBS's picture."""

    def act(stage: Stage) -> None:
        before = stage.view.headers(NAMES[0])
        stage.obs.come()
        end = time.monotonic() + CUT_SECONDS
        while stage.view.headers(NAMES[0]) == before:
            if time.monotonic() > end:
                raise LabError("no cut to live came")
            time.sleep(PROMPT_SECONDS)
        anew(harm)(stage)

    return act


def again_and_again(harm: Act) -> Act:
    """Do harm ten times, each as soon as all platforms receive packets again."""

    def act(stage: Stage) -> None:
        for _ in range(TIMES):
            anew(harm)(stage)
            now = time.monotonic()
            wait_until(lambda now=now: _all_receive(stage, now), 10, "packets on every platform")  # type: ignore[misc]
        stage.struck()

    return act


def kill_live(stage: Stage) -> None:
    units.signal_all(stage.container, "live@main.service", signal.SIGKILL)
    stage.wait_for(FALLBACK)


def _pid(stage: Stage) -> int:
    found = units.pids(stage.container, UNIT)
    if not found:
        raise LabError("the program does not run")
    return found[0]


def _is_replaced(stage: Stage, before: int) -> bool:
    found = units.pids(stage.container, UNIT)
    return bool(found) and found[0] != before


def _all_receive(stage: Stage, since: float) -> bool:
    stage.view.poll()
    return all(stage.view.last_arrival(name) > since for name in NAMES)


HARM = {
    "killed": (kill, KILLED_MS, "is killed"),
    "stopped": (hang, HUNG_MS, "hangs (SIGSTOP)"),
    "restarted": (restart, KILLED_MS, "is restarted"),
}


def _faults(harm: str) -> tuple[Fault, ...]:
    act, bound, words = HARM[harm]

    def fault(when: str, text: str, how: Act, prepare: Act | None = None, end: End = LIVE) -> Fault:
        name = f"program-{harm}-{when}"
        return Fault(
            name, f"the program {words} {text}", how, prepare, (), bound, end, 30 if when != TEN else 60
        )

    return (
        fault("live", "while live", anew(act)),
        fault("fallback", "while on the fallback", anew(act), leave, FALLBACK_ON),
        fault("at-drop", "just after OBS stopped", at_drop(act)),
        fault("at-return", "just after OBS came back", at_return(act), leave),
        fault(TEN, "ten times in a row", again_and_again(act)),
    )


TEN = "ten-times"
FAULTS = (
    *_faults("killed"),
    *_faults("stopped"),
    *_faults("restarted"),
    Fault("live-killed", "live@main is killed", kill_live, bound_ms=CUT_MS),
)
