"""Faults of the program and of live@: no platform may lose its connection."""

import os
import signal
import time
from collections.abc import Callable

from tests.chaos.broadcast import NAMES, ChaosBroadcast
from tests.chaos.ends import FALLBACK_ON, LIVE, End
from tests.chaos.fault import CUT_MS, HUNG_MS, KILLED_MS, RESTARTED_MS, Act, Fault
from tests.lab.deadline import LabError, wait_until
from tests.lab.scene import FALLBACK

UNIT = "fallback.service"
TIMES = 10
CUT_SECONDS = 10.0
PROMPT_SECONDS = 0.003
NOTICED_SECONDS = 3.0  # longer than a fallback shows before OBS's next keyframe


def kill(broadcast: ChaosBroadcast) -> None:
    os.kill(_pid(broadcast), signal.SIGKILL)


def hang(broadcast: ChaosBroadcast) -> None:
    os.kill(_pid(broadcast), signal.SIGSTOP)


def restart(broadcast: ChaosBroadcast) -> None:
    broadcast.systemctl("restart", UNIT)


def leave(broadcast: ChaosBroadcast) -> None:
    """Let OBS leave; it returns after the fault has been measured."""
    broadcast.undo.callback(broadcast.obs.come)
    broadcast.obs.leave()
    broadcast.wait_for(FALLBACK)


def anew(harm: Act) -> Act:
    """Return an act: do harm to the program and wait until a new process has replaced it."""

    def act(broadcast: ChaosBroadcast) -> None:
        before = _pid(broadcast)
        harm(broadcast)
        # By the process id: a hung process exists until its watchdog ends it.
        broadcast.wait(lambda: _is_replaced(broadcast, before), 20, "the program to be started again")

    return act


def at_drop(harm: Act) -> Act:
    """Return an act: do harm just after OBS stopped."""

    def act(broadcast: ChaosBroadcast) -> None:
        broadcast.obs.kill()
        anew(harm)(broadcast)

    return act


def at_return(harm: Act) -> Act:
    """Return an act: do harm just after a platform received the first packet of OBS's picture."""

    def act(broadcast: ChaosBroadcast) -> None:
        before = broadcast.view.headers(NAMES[0])
        broadcast.obs.come()
        end = time.monotonic() + CUT_SECONDS
        while broadcast.view.headers(NAMES[0]) == before:
            if time.monotonic() > end:
                raise LabError(f"no platform received live within {CUT_SECONDS:g} s")
            time.sleep(PROMPT_SECONDS)
        anew(harm)(broadcast)

    return act


def again_and_again(harm: Act) -> Act:
    """Return an act: do harm TIMES times, each time as soon as all platforms receive packets again."""

    def act(broadcast: ChaosBroadcast) -> None:
        for _ in range(TIMES):
            anew(harm)(broadcast)
            now = time.monotonic()
            wait_until(lambda now=now: _all_receive(broadcast, now), 10, "packets on every platform")  # type: ignore[misc]
        broadcast.struck()

    return act


def unnoticed(harm: Act) -> Act:
    """Return an act: complain if a platform receives another source: each begins with a sequence header."""

    def act(broadcast: ChaosBroadcast) -> None:
        before = {name: broadcast.view.headers(name) for name in NAMES}
        harm(broadcast)
        broadcast.watch(NOTICED_SECONDS)
        others = [name for name in NAMES if broadcast.view.headers(name) != before[name]]
        broadcast.complaints += [f"{name} received another source than live" for name in others]

    return act


def kill_live(broadcast: ChaosBroadcast) -> None:
    broadcast.signal_all(f"live@{broadcast.channel.name}.service", signal.SIGKILL)
    broadcast.wait_for(FALLBACK)


def _pid(broadcast: ChaosBroadcast) -> int:
    processes = broadcast.pids(UNIT)
    if not processes:
        raise LabError("the program does not run")
    return processes[0]


def _is_replaced(broadcast: ChaosBroadcast, before: int) -> bool:
    processes = broadcast.pids(UNIT)
    return bool(processes) and processes[0] != before


def _all_receive(broadcast: ChaosBroadcast, since: float) -> bool:
    broadcast.view.poll()
    return all(broadcast.view.last_arrival(name) > since for name in NAMES)


HARM = {
    "killed": (kill, KILLED_MS, "is killed"),
    "stopped": (hang, HUNG_MS, "hangs (SIGSTOP)"),
    "restarted": (restart, RESTARTED_MS, "is restarted"),
}


def _faults(harm: str) -> tuple[Fault, ...]:
    act, bound, words = HARM[harm]

    def fault(when: str, text: str, how: Act, prepare: Act | None = None, end: End = LIVE) -> Fault:
        name = f"program-{harm}-{when}"
        return Fault(
            name, f"the program {words} {text}", how, prepare, (), bound, end, 30 if when != TEN else 60
        )

    seen: Callable[[Act], Act] = unnoticed if harm == "restarted" else lambda act: act
    return (
        fault("live", "while live", seen(anew(act))),
        fault("fallback", "while on the fallback", anew(act), leave, FALLBACK_ON),
        fault("at-drop", "just after OBS stopped", at_drop(act)),
        fault("at-return", "just after OBS came back", at_return(act), leave),
        fault(TEN, "ten times in a row", seen(again_and_again(act))),
    )


TEN = "ten-times"
FAULTS = (
    *_faults("killed"),
    *_faults("stopped"),
    *_faults("restarted"),
    Fault("live-killed", "live@main is killed", kill_live, bound_ms=CUT_MS),
)
