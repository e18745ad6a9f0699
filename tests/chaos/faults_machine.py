"""Faults of the machine: a full disk, a clock that jumps, a reboot."""

import time
from email.utils import parsedate_to_datetime

from tests.chaos.broadcast import HOOK_PORT, NAMES, ChaosBroadcast
from tests.chaos.ends import LIVE
from tests.chaos.fault import Fault
from tests.chaos.faults_agent import UNIT as AGENT
from tests.lab.deadline import LabError
from tests.lab.network import Network
from tests.lab.scene import FALLBACK

BALLAST = "/var/ballast"
SHIFT = "/var/lib/lab-clock"
DROP_IN = f"/run/systemd/system/{AGENT}.d/90-lab-clock.conf"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
HOUR = 3600
MENDING = "/run/lab-clock/sitecustomize.py"
# libfaketime 0.9.10, when told to leave the monotonic clock alone, fails clock_nanosleep(2) on it with
# EINVAL. Python sleeps by that call.
MENDED = "import select, time\ntime.sleep = lambda seconds: select.select((), (), (), seconds) and None\n"
CLOCK = f"""
[Service]
Environment=PYTHONPATH={MENDING.rpartition("/")[0]}
Environment=LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={SHIFT} FAKETIME_NO_CACHE=1
Environment=FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1
"""


def fill_disk(broadcast: ChaosBroadcast) -> None:
    """Fill the root file system; meanwhile OBS drops and returns, and the agent is restarted."""
    broadcast.undo.callback(broadcast.container.run, ("rm", "-f", BALLAST))
    broadcast.container.run(("dd", "if=/dev/zero", f"of={BALLAST}", "bs=1M"), check=False, timeout=60)
    broadcast.container.run(("dd", "if=/dev/zero", f"of={BALLAST}-rest", "bs=512"), check=False, timeout=60)
    broadcast.undo.callback(broadcast.container.run, ("rm", "-f", f"{BALLAST}-rest"))
    free = broadcast.container.run(("df", "--output=avail", "-B1", "/")).stdout.split()[-1]
    if int(free):
        raise LabError(f"the disk could not be filled: {free} bytes are free")
    broadcast.obs.kill()
    broadcast.wait_for(FALLBACK)
    broadcast.systemctl("restart", AGENT)
    broadcast.wait_for(broadcast.obs.encoder.mark, 30)
    broadcast.wait(lambda: broadcast.state() == "live", 20, "`status` to say live with a full disk")
    broadcast.container.run(("rm", "-f", BALLAST, f"{BALLAST}-rest"))
    broadcast.struck()


def lend_clock(broadcast: ChaosBroadcast) -> None:
    """Give the agent a wall clock of its own that is still right."""
    broadcast.container.write(SHIFT, "+0")
    broadcast.container.write(MENDING, MENDED)
    broadcast.container.write(DROP_IN, CLOCK)
    broadcast.undo.callback(_return_clock, broadcast)
    broadcast.systemctl("daemon-reload")
    broadcast.systemctl("restart", AGENT)
    _see_clock(broadcast, 0)


def shift_clock(broadcast: ChaosBroadcast) -> None:
    """Set the agent's clock an hour ahead, then an hour back; OBS drops and returns under each clock."""
    for shift in (HOUR, -HOUR):
        broadcast.container.write(SHIFT, f"{shift:+}")
        _see_clock(broadcast, shift)
        broadcast.obs.kill()
        broadcast.wait_for(FALLBACK)
        broadcast.wait_for(broadcast.obs.encoder.mark, 30)
    broadcast.struck()


def reboot(broadcast: ChaosBroadcast) -> None:
    """Reboot the container, start the platforms again (real ones are elsewhere), and let OBS reconnect."""
    broadcast.journals.append(broadcast.container.journal())
    broadcast.container.reboot()
    for platform in broadcast.every_platform.values():
        platform.start()
    broadcast.network = Network(broadcast.container)
    broadcast.start_proxy()
    broadcast.struck()


def others_are_back(broadcast: ChaosBroadcast) -> str:
    """Return in words which platforms of other channels have no connection, or ""."""
    absent = [name for name in broadcast.bystanders if not broadcast.is_connected(name)]
    return f"{', '.join(absent)}: no connection" if absent else ""


def _see_clock(broadcast: ChaosBroadcast, shift: int) -> None:
    """Wait until the agent's clock is off by `shift` seconds, by the date of its HTTP answers."""
    broadcast.wait(
        lambda: abs(_agents_clock(broadcast) - time.time() - shift) < 60,
        20,
        f"the agent's clock to be {shift:+} s off",
    )


def _agents_clock(broadcast: ChaosBroadcast) -> float:
    url = f"http://127.0.0.1:{HOOK_PORT}/healthz"
    head = broadcast.container.run(("curl", "-sS", "-D", "-", "-o", "/dev/null", url), check=False).stdout
    dates = [line[5:].strip() for line in head.splitlines() if line.lower().startswith("date:")]
    return parsedate_to_datetime(dates[0]).timestamp() if dates else 0.0


def _return_clock(broadcast: ChaosBroadcast) -> None:
    broadcast.container.run(("rm", "-f", DROP_IN, SHIFT, MENDING))
    broadcast.systemctl("daemon-reload")
    broadcast.systemctl("restart", AGENT)


FAULTS = (
    Fault("disk-full", "the disk is full while OBS drops, comes back and the agent restarts", fill_disk),
    Fault(
        "clock-jumps",
        "the agent's wall clock leaps an hour ahead, then an hour back",
        shift_clock,
        prepare=lend_clock,
    ),
    # The reboot comes last: it ends every connection.
    Fault(
        "reboot",
        "the machine reboots while live",
        reboot,
        concerns=NAMES,
        end=LIVE.and_also(others_are_back),
        heals_within=60,
    ),
)
