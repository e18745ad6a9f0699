"""The limits of each unit: more than its control group may take is taken, and the kernel's answer is told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.system.wall_table import CONVERT, RUNNING
from tests.vm.broadcast import MachineBroadcast
from tests.vm.check import CheckRow

PREPARE, NOTIFY = "restream-fallback-prepare.service", "restream-notify.service"
STANDING = (*(f"{unit}.service" for unit in RUNNING), PREPARE, CONVERT, NOTIFY)
"""The units that must have a limit of memory and one of tasks. Those of root do one thing and end."""

MIB = 1 << 20
BEYOND = 1.5
"""How much more than its limit the process in a unit's place tries to take."""

SPINNING = 3.0  # seconds for which two busy loops compete
SPENDER = ("python3", "/opt/lab/spender.py")
HOG = "lab-hog.service"

# What loses its process too if a unit is killed: the player, when its server or the program has gone.
FOLLOWERS = {"restream-ingest": ("live@main",), "fallback": ("live@main",)}

WEIGHTS = (
    ("fallback.service", HOG, 10.0),
    ("ffmpeg-relay@alpha.service", HOG, 10.0),
    ("fallback.service", "ffmpeg-relay@alpha.service", 10.0),
    ("live@main.service", "ffmpeg-relay@alpha.service", 10.0),
    ("restream-ingest.service", "ffmpeg-relay@alpha.service", 10.0),
    ("restream-agent.service", "ffmpeg-relay@alpha.service", 5.0),
    ("ffmpeg-relay@beta.service", "ffmpeg-relay@alpha.service", 1.0),
    (HOG, PREPARE, 10.0),
    (HOG, NOTIFY, 5.0),
    (HOG, CONVERT, 2.0),
)
"""Two units, and how many times as much of a busy processor the first one gets: the quotient of the weights
of what stands beside each other. Between a unit of the broadcast and another, restream.slice counts."""


@contextmanager
def standing(broadcast: MachineBroadcast, unit: str) -> Iterator[str]:
    """Keep a unit running, and yield its control group; one that would end gets a process that sleeps."""
    guest = broadcast.guest
    if unit == HOG or unit.removesuffix(".service") in RUNNING:
        yield guest.show(unit, "ControlGroup")
        return
    drop_in = f"/run/systemd/system/{unit}.d/99-standing.conf"
    lines = "[Service]\nType=exec\nRestart=no\nExecStart=\nExecStart=/bin/sleep infinity\n"
    guest.write(drop_in, lines)
    guest.shell(f"systemctl daemon-reload; systemctl restart {unit}", timeout=60)
    try:
        yield guest.show(unit, "ControlGroup")
    finally:
        # A unit that the kernel has killed has failed, and that was this check.
        again = f"systemctl stop {unit}; rm {drop_in}; systemctl daemon-reload; systemctl reset-failed {unit}"
        guest.shell(f"({again}) 2>/dev/null || true", timeout=60)


def play_memory(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Take more memory than each unit may have."""
    for unit in STANDING:
        yield _exceed_memory(broadcast, unit)
        broadcast.wait_live(f"the broadcast to be whole after the end of {unit}")


def _exceed_memory(broadcast: MachineBroadcast, unit: str) -> CheckRow:
    guest = broadcast.guest
    limit = guest.show(unit, "MemoryMax")
    if not limit.isdigit():
        return CheckRow("MemoryMax=", unit, "have a limit", "none", False)
    allowed, tried = int(limit) / MIB, int(int(limit) / MIB * BEYOND)
    with standing(broadcast, unit) as group:
        own = unit.removesuffix(".service")
        before = broadcast.processes(set(RUNNING) - {own, *FOLLOWERS.get(own, ())})
        killed = _kills(broadcast, group)
        argv = (*SPENDER, "memory", group, str(tried))
        taken = int((guest.run(argv, timeout=120, check=False).stdout.split() or ["0"])[-1])
        is_killed = _kills(broadcast, group) > killed and taken <= allowed
        others = sorted(name for name, pid in broadcast.processes(before).items() if pid != before[name])
    words = f"OOM kill at {taken} of {allowed:.0f} MiB" if is_killed else f"took {taken} of {allowed:.0f} MiB"
    words += f"; {', '.join(others)} restarted" if others else "; no other unit restarted"
    return CheckRow("MemoryMax=", unit, f"take {tried} MiB", words, is_killed and not others)


def _kills(broadcast: MachineBroadcast, group: str) -> int:
    """Return how many kills for want of memory in a control group the kernel has told."""
    counted = broadcast.guest.run(("sh", "-c", f"dmesg | grep -cF 'oom_memcg={group},'"), check=False)
    return int(counted.stdout or 0)


def play_tasks(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Start more processes and threads than each unit may have."""
    guest = broadcast.guest
    for unit in STANDING:
        limit = guest.show(unit, "TasksMax")
        with standing(broadcast, unit) as group:
            argv = (*SPENDER, "tasks", group, str(int(limit) + 50))
            count, error = guest.run(argv, timeout=120).stdout.split()
        words = f"{error} at {count} of {limit}"
        is_held = error == "EAGAIN" and int(count) == int(limit)
        yield CheckRow("TasksMax=", unit, f"start {int(limit) + 50} threads", words, is_held)
        broadcast.wait_live(f"the broadcast to be whole with {unit} full of threads")


def play_weights(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Have two units compete for one processor."""
    guest = broadcast.guest
    guest.run(("systemd-run", "--quiet", f"--unit={HOG}", "--slice=system.slice", "sleep", "infinity"))
    for first, second, expected in WEIGHTS:
        with standing(broadcast, first) as one, standing(broadcast, second) as other:
            began = time.monotonic()
            argv = (*SPENDER, "time", f"{SPINNING:g}", one, other)
            got, left = map(float, guest.run(argv, timeout=60).stdout.split())
            took = time.monotonic() - began
        yield judge_weight(first, second, expected, got, left, took)
    guest.run(("systemctl", "stop", HOG))


def judge_weight(first: str, second: str, expected: float, got: float, left: float, took: float) -> CheckRow:
    """Judge the seconds of a processor that two busy loops got in `took` seconds.

    The quotient may be half of what the weights say, or twice as much: what else the two units do counts too.
    """
    quotient = got / max(left, 0.01)
    words = f"{quotient:.1f} times as much: {got:.1f} s against {left:.1f} s in {took:.0f} s"
    tried = f"spin on the processor of {second}, with {expected:g} times its weight"
    return CheckRow("CPUWeight=", first, tried, words, expected / 2 <= quotient <= expected * 2)
