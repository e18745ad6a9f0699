"""Reboot and power-off during a broadcast, and in the middle of an apply."""

from collections.abc import Iterator

from restream_agent.base.paths import UNFINISHED
from tests.system.wall_table import RUNNING
from tests.vm.broadcast import KEYS, PORT, TOML, MachineBroadcast
from tests.vm.check import CheckRow

ADDED = ("gamma", "delta")
LAST = "ffmpeg-relay@delta.service.d"
"""A directory of what the apply adds."""

BACK = "comes back on air by itself, live on every platform"


def play_reboot(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Reboot as an administrator does."""
    broadcast.guest.reboot()
    yield _came_back(broadcast, "reboot on air", "systemctl reboot")


def play_power_off(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """End the machine without a word."""
    broadcast.guest.cut_power()
    broadcast.guest.switch_on()
    yield _came_back(broadcast, "power-off on air", "cut the power")


def play_in_apply(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """End the machine when an apply has begun, and when it has written the first of its files."""
    guest = broadcast.guest
    toml = guest.read(TOML)
    for moment, path in (("begun", UNFINISHED), ("written a unit", f"/etc/systemd/system/{LAST}")):
        _save(broadcast, toml + "".join(map(_table, ADDED)))
        # With pauses: the checks have more weight than apply, which would get little beside a busy loop.
        guest.shell(f"until test -e {path}; do sleep 0.02; done", timeout=120)
        guest.cut_power()
        guest.switch_on()
        yield _came_back(
            broadcast, "power-off in apply", f"cut the power when apply had {moment}", len(ADDED)
        )
        _save(broadcast, toml)
        # The status follows the TOML before the apply has ended, in which nothing may fall that comes next.
        guest.wait_until(lambda: not _difference(broadcast), 180, "the platforms to be removed again")
        broadcast.wait_live()


def _save(broadcast: MachineBroadcast, toml: str) -> None:
    """Write the configuration as an editor does: a power-off loses nothing of it."""
    beside = "/etc/edited.toml"
    broadcast.guest.write(beside, toml)
    broadcast.guest.shell(f"sync {beside}; mv {beside} {TOML}; sync {TOML}")


def _came_back(broadcast: MachineBroadcast, what: str, tried: str, added: int = 0) -> CheckRow:
    """Wait until the broadcast is whole, and look for what a boot must not leave behind."""
    guest = broadcast.guest
    whole = len(KEYS) + added
    guest.wait_until(lambda: len(broadcast.relays()) == whole, 120, f"{whole} platforms")
    broadcast.wait_live()
    guest.wait_until(
        lambda: guest.run(("test", "-e", UNFINISHED), check=False).returncode, 60, "apply to end"
    )
    broadcast.wait_fed()
    left = guest.shell("find /etc /var/lib/restream-agent -name '.restream-*' || true").split()
    difference = _difference(broadcast)
    problems = [
        *(f"{unit} failed" for unit in broadcast.failed()),
        *(f"{path} is left over" for path in left),
        *([f"diff: {difference}"] if difference else []),
        *(f"{unit} does not run" for unit in set(RUNNING) - broadcast.processes(RUNNING).keys()),
    ]
    return CheckRow(what, "machine", tried, "; ".join(problems) or BACK, not problems)


def _difference(broadcast: MachineBroadcast) -> str:
    """Return what is still to be applied, "" for nothing."""
    shown = broadcast.guest.run(("restream-agent", "diff"), timeout=120, check=False)
    return shown.stdout + shown.stderr if shown.returncode else ""


def _table(name: str) -> str:
    return f'\n[platforms.{name}]\nurl = "rtmp://127.0.0.1:{PORT}/app"\nkey = "{name}-key"\n'
