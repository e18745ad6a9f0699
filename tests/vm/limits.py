"""The limits of each unit: more than its control group may take is taken, and the kernel's answer is told."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tests.system.wall_table import CONVERT, RUNNING
from tests.vm.broadcast import MachineBroadcast
from tests.vm.check import CheckRow

PREPARE, NOTIFY = "restream-fallback-prepare.service", "restream-notify.service"
_SECOND = "ffmpeg-relay@beta"  # as the first
STANDING = (*(f"{unit}.service" for unit in RUNNING if unit != _SECOND), PREPARE, CONVERT, NOTIFY)
"""The units that must have a limit of memory and one of tasks. Those of root do one thing and end."""

MIB = 1 << 20
BEYOND = 1.5
"""How much more than its limit the process in a unit's place tries to take."""

SPINNING = 15.0  # seconds for which busy loops compete: the least of them gets 60 ms
SPENDER = ("python3", "/opt/lab/spender.py")
HOG = "lab-hog.service"

# What loses its process too if a unit is killed: the player, when its server or the program has gone.
FOLLOWERS = {"restream-ingest": ("live@main",), "fallback": ("live@main",)}

BROADCAST = {
    "restream-ingest.service": 10,
    "live@main.service": 10,
    "fallback.service": 10,
    "restream-agent.service": 5,
    "ffmpeg-relay@beta.service": 1,
    "ffmpeg-relay@alpha.service": 1,
}
"""The units in restream.slice, and their weights in those of a relay."""

OTHERS = {HOG: 10, CONVERT: 5, NOTIFY: 2, PREPARE: 1}
"""Units in system.slice, and their weights in those of the preparation. The first one is any other unit."""

SLICES = 10
"""The weight of restream.slice in those of system.slice."""


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


def play(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Start more threads and take more memory than each unit may have."""
    for unit in STANDING:
        with standing(broadcast, unit) as group:
            yield _exceed_tasks(broadcast, unit, group)
            yield _exceed_memory(broadcast, unit, group)
        broadcast.wait_live(f"the broadcast to be whole after the end of {unit}")


def _exceed_tasks(broadcast: MachineBroadcast, unit: str, group: str) -> CheckRow:
    limit = broadcast.guest.show(unit, "TasksMax")
    argv = (*SPENDER, "tasks", group, str(int(limit) + 50))
    count, error = broadcast.guest.run(argv, timeout=120).stdout.split()
    is_held = error == "EAGAIN" and int(count) == int(limit)
    return CheckRow("TasksMax=", unit, "start too many threads", f"{error} at {count} of {limit}", is_held)


def _exceed_memory(broadcast: MachineBroadcast, unit: str, group: str) -> CheckRow:
    guest = broadcast.guest
    limit = guest.show(unit, "MemoryMax")
    if not limit.isdigit():
        return CheckRow("MemoryMax=", unit, "have a limit", "none", False)
    allowed, tried = int(limit) / MIB, int(int(limit) / MIB * BEYOND)
    own = unit.removesuffix(".service")
    before = broadcast.processes(set(RUNNING) - {own, *FOLLOWERS.get(own, ())})
    killed = _kills(broadcast, group)
    argv = (*SPENDER, "memory", group, str(tried))
    taken = int((guest.run(argv, timeout=120, check=False).stdout.split() or ["0"])[-1])
    is_killed = _kills(broadcast, group) > killed and taken <= allowed
    others = sorted(name for name, pid in broadcast.processes(before).items() if pid != before[name])
    words = f"OOM kill at {taken} of {allowed:.0f} MiB" if is_killed else f"took {taken} of {allowed:.0f} MiB"
    words += f"; {', '.join(others)} restarted" if others else "; no other unit restarted"
    return CheckRow("MemoryMax=", unit, "take 1.5 times as much memory", words, is_killed and not others)


def _kills(broadcast: MachineBroadcast, group: str) -> int:
    """Return how many kills for want of memory in a control group the kernel has told."""
    counted = broadcast.guest.run(("sh", "-c", f"dmesg | grep -cF 'oom_memcg={group},'"), check=False)
    return int(counted.stdout or 0)


def play_weights(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Have all units compete for one processor."""
    guest = broadcast.guest
    guest.run(("systemd-run", "--quiet", f"--unit={HOG}", "--slice=system.slice", "sleep", "infinity"))
    units = (*BROADCAST, *OTHERS)
    with ExitStack() as stack:
        groups = [stack.enter_context(standing(broadcast, unit)) for unit in units]
        spent = guest.run((*SPENDER, "time", f"{SPINNING:g}", *groups), timeout=120).stdout.split()
    guest.run(("systemctl", "stop", HOG))
    yield from judge_weights(dict(zip(units, map(float, spent), strict=True)))


def judge_weights(spent: Mapping[str, float]) -> Iterator[CheckRow]:
    """Judge the seconds of one processor that a busy loop got in each unit, all at the same time.

    A quotient may be half of what the weights say, or twice as much: what the units do besides counts too.
    """
    for units in (BROADCAST, OTHERS):
        least = list(units)[-1]
        for unit in list(units)[:-1]:
            yield _judge_weight(unit, least, units[unit] / units[least], spent[unit], spent[least])
    ours, theirs = sum(spent[unit] for unit in BROADCAST), sum(spent[unit] for unit in OTHERS)
    yield _judge_weight("restream.slice", "system.slice", SLICES, ours, theirs)


def _judge_weight(first: str, second: str, expected: float, got: float, left: float) -> CheckRow:
    quotient = got / max(left, 0.001)
    words = f"gets {quotient:.1f} times as much: {got:.2f} s and {left:.2f} s"
    tried = f"compete for a processor with {second}, with {expected:g} times its weight"
    return CheckRow("CPUWeight=", first, tried, words, expected / 2 <= quotient <= expected * 2)
