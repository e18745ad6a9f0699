"""The clock of the machine, set forward and back during a broadcast. A container has none of its own."""

import re
from collections.abc import Iterator

from tests.system.wall_table import RUNNING
from tests.vm.broadcast import TOML, MachineBroadcast
from tests.vm.check import CheckRow

DAY = 86400.0
JUMPS = (("a day forward", DAY), ("two days back", -2 * DAY))
SHORT_HOLD = 30.0  # seconds
WATCHED = 10.0  # seconds for which nothing may end after a jump
LATE = 30.0
"""Seconds by which an off-air may come later than the hold's end, on a slow machine."""


def play(broadcast: MachineBroadcast) -> Iterator[CheckRow]:
    """Set the clock while OBS is live, and while the hold runs."""
    for words, seconds in JUMPS:
        yield _live(broadcast, words, seconds)
    guest = broadcast.guest
    toml = guest.read(TOML)
    guest.write(TOML, re.sub('hold = "[^"]*"', f'hold = "{SHORT_HOLD:g}s"', toml))
    broadcast.product("apply", timeout=300)
    for words, seconds in JUMPS:
        yield _hold(broadcast, words, seconds)
        broadcast.begin()
    guest.write(TOML, toml)
    broadcast.product("apply", timeout=300)
    _set(broadcast, -2 * sum(seconds for _, seconds in JUMPS))  # back where it was, but for a moment


def _live(broadcast: MachineBroadcast, words: str, seconds: float) -> CheckRow:
    broadcast.wait_live()
    before = broadcast.processes(RUNNING)
    _set(broadcast, seconds)
    until = broadcast.guest.uptime() + WATCHED
    problems: set[str] = set()
    while broadcast.guest.uptime(1.0) < until:
        status = broadcast.status()
        problems |= {f"state {status['state']}"} if status and status["state"] != "live" else set()
        states = {relay["state"] for relay in status.get("relays", {}).values()} - {"delivering"}
        problems |= {f"a relay is {state}" for state in states}
    broadcast.wait_fed()
    if broadcast.processes(RUNNING) != before:
        problems.add("a process has ended")
    broadcast.product("status")
    said = "; ".join(sorted(problems)) or "stays live on every platform, in the same processes"
    return CheckRow("clock set on air", "machine", f"set the clock {words}", said, not problems)


def _hold(broadcast: MachineBroadcast, words: str, seconds: float) -> CheckRow:
    """Have OBS leave, set the clock in the hold, and measure the hold with the clock that nobody can set."""
    guest = broadcast.guest
    broadcast.leave()
    guest.wait_until(lambda: _is_active(broadcast, "restream-off-air.timer"), 60, "the hold to begin")
    began = int(guest.show("restream-off-air.timer", "ActiveEnterTimestampMonotonic")) / 1e6
    _set(broadcast, seconds)
    guest.wait_until(
        lambda: not _is_active(broadcast, "restream.target"), SHORT_HOLD + LATE, "the hold to end"
    )
    took = int(guest.show("restream.target", "InactiveEnterTimestampMonotonic")) / 1e6 - began
    is_right = SHORT_HOLD - 1 <= took <= SHORT_HOLD + LATE
    said = f"the broadcast ends {took:.0f} s after the hold has begun, which is {SHORT_HOLD:g} s long"
    return CheckRow("clock set in the hold", "machine", f"set the clock {words}", said, is_right)


def _set(broadcast: MachineBroadcast, seconds: float) -> None:
    broadcast.guest.shell(f"date --set=@$(($(date +%s) + {seconds:.0f}))")


def _is_active(broadcast: MachineBroadcast, unit: str) -> bool:
    return broadcast.guest.show(unit, "ActiveState") == "active"
