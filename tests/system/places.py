"""What a process in a unit's place tries: other units' secrets, memory, sockets, files and systemctl verbs.

The probe runs as ExecStartPost= of the unit itself, so it has exactly the unit's sandbox, user, groups and
credentials, while the unit's own process runs. It writes one line of JSON to the journal.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.lab.machine import Machine
from tests.system.probe import MARK, TARGETS

PROBE = Path(__file__).with_name("probe.py")
INSIDE = "/opt"


@dataclass(frozen=True)
class Place:
    """A unit whose place the probe takes."""

    unit: str


def try_everything(machine: Machine, place: Place) -> dict[str, bool]:
    """Run the unit with the probe behind it, and return what succeeded and what did not, by attempt."""
    return {name: not error for name, error in stopped_by(machine, place, PROBE).items()}


def stopped_by(machine: Machine, place: Place, *probes: Path) -> dict[str, str]:
    """Run the unit with probes behind it, and return by attempt what stopped it; "" if nothing has.

    A probe is a script that takes the name of its unit, and writes one line: MARK and an object in JSON.
    """
    drop_in = f"/run/systemd/system/{place.unit}.d/99-probe.conf"
    # A unit with a file system of its own has the probe in it, too.
    root = machine.run(("systemctl", "show", "-P", "RootDirectory", place.unit)).stdout.strip()
    lines = [f"BindReadOnlyPaths={INSIDE}\n"] if root else []
    for probe in probes:
        machine.write(f"{INSIDE}/{probe.name}", probe.read_text(), mode=0o755)
        lines.append(f"ExecStartPost=-/usr/bin/python3 {INSIDE}/{probe.name} {place.unit}\n")
    machine.write(drop_in, f"[Service]\n{''.join(lines)}TimeoutStartSec=10min\n")
    machine.run(("systemctl", "daemon-reload"))
    before = len(_lines(machine, place.unit))
    machine.run(("systemctl", "restart", place.unit), timeout=90, check=False)
    said = machine.wait_until(
        lambda: (after := _lines(machine, place.unit)[before:])[len(probes) - 1 :] and after,
        60,
        f"{place.unit}'s probes",
    )
    machine.run(("rm", drop_in))
    machine.run(("systemctl", "daemon-reload"))
    return {name: error for line in said[-len(probes) :] for name, error in json.loads(line).items()}


def _lines(machine: Machine, unit: str) -> list[str]:
    argv = ("journalctl", "--no-pager", "--quiet", "-o", "cat", "-u", unit)
    said = machine.run(argv).stdout.splitlines()
    return [line.removeprefix(MARK) for line in said if line.startswith(MARK)]


__all__ = ["PROBE", "TARGETS", "Place", "stopped_by", "try_everything"]
