"""A root that becomes read-only during a broadcast, as when its disk has an error."""

from collections.abc import Iterator

from tests.system.wall_table import RUNNING
from tests.vm.broadcast import MachineBroadcast
from tests.vm.check import CheckRow

WHAT = "read-only root"
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("secret", "set", "alpha"),
    ("platform", "disable", "alpha"),
    ("apply",),
)
"""Commands that write; each must say why it cannot, and change nothing."""

READING = (("status",), ("check",), ("diff",))


def play(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Make the root read-only as the kernel does it at an error, use it, and reboot."""
    guest = broadcast.guest
    # systemd 252 prepares the /dev of a unit in /tmp. Debian 13 has a file system of its own there.
    guest.shell("findmnt /tmp >/dev/null || mount -t tmpfs tmpfs /tmp")
    before = broadcast.processes(RUNNING)
    guest.shell("sync; echo u >/proc/sysrq-trigger")
    guest.wait_until(lambda: " ro," in guest.shell("grep ' / ' /proc/mounts"), 60, "the root to be read-only")
    broadcast.wait_fed()
    is_same = broadcast.processes(RUNNING) == before and broadcast.state() == "live"
    words = "stays live on every platform, in the same processes" if is_same else "restarted"
    yield CheckRow(WHAT, "machine", "remount the root read-only on air", words, is_same)
    for reading in READING:
        broadcast.product(*reading)
        yield CheckRow(WHAT, "machine", f"restream-agent {reading[0]}", "works", True)
    for command in COMMANDS:
        yield _refused(broadcast, *command)
    yield from _killed(broadcast)
    broadcast.leave()
    broadcast.product("off-air", timeout=300)
    broadcast.wait_off_air()
    broadcast.begin()
    yield CheckRow(WHAT, "machine", "off-air, and OBS comes again", "works: live on every platform", True)
    guest.reboot()
    broadcast.wait_live("OBS to be live after the reboot from a read-only root")
    yield CheckRow(WHAT, "machine", "reboot", "comes back on air by itself", True)


def _refused(broadcast: MachineBroadcast, *command: str) -> CheckRow:
    done = broadcast.guest.run(("restream-agent", *command), timeout=120, check=False, input="other-key\n")
    output = done.stdout + done.stderr
    is_clear = "Read-only file system" in output and "Traceback" not in output
    # An apply with nothing to do has nothing to write.
    has_nothing_to_do = command == ("apply",) and done.returncode == 0
    is_right = has_nothing_to_do or (is_clear and done.returncode == 1)
    words = " ".join(output.split()) if output.strip() else f"exit status {done.returncode}"
    return CheckRow(WHAT, "machine", f"restream-agent {' '.join(command)}", words, is_right)


def _killed(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Kill each process: systemd starts it again, without writing to the root."""
    for unit in RUNNING:
        broadcast.guest.run(("systemctl", "kill", "--signal=KILL", f"{unit}.service"))
        broadcast.wait_live(f"the broadcast to be whole after a kill of {unit}")
        yield CheckRow(WHAT, f"{unit}.service", "kill -9", "runs again, live on every platform", True)
