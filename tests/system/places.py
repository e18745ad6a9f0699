"""What a process in a unit's place tries: other units' secrets, memory, sockets, files and systemctl verbs.

The probe runs as ExecStartPost= of the unit itself, so it has exactly the unit's sandbox, user, groups and
credentials, while the unit's own process runs. It writes one line of JSON to the journal.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.lab.container import Container
from tests.system.probe import MARK, TARGETS

PROBE = Path(__file__).with_name("probe.py")
INSIDE = "/opt/probe.py"


@dataclass(frozen=True)
class Place:
    """A unit whose place the probe takes."""

    unit: str


def try_everything(container: Container, place: Place) -> dict[str, bool]:
    """Run the unit with the probe behind it, and return what succeeded and what did not, by attempt."""
    drop_in = f"/run/systemd/system/{place.unit}.d/99-probe.conf"
    text = f"[Service]\nExecStartPost=-/usr/bin/python3 {INSIDE}\nTimeoutStartSec=60s\n"
    container.write(INSIDE, PROBE.read_text(), mode=0o755)
    container.write(drop_in, text)
    container.run(("systemctl", "daemon-reload"))
    before = len(_lines(container, place.unit))
    container.run(("systemctl", "restart", place.unit), timeout=90, check=False)
    lines = container.wait_until(lambda: _lines(container, place.unit)[before:], 60, f"{place.unit}'s probe")
    container.run(("rm", drop_in))
    container.run(("systemctl", "daemon-reload"))
    return {str(name): bool(succeeded) for name, succeeded in json.loads(lines[-1]).items()}


def _lines(container: Container, unit: str) -> list[str]:
    argv = ("journalctl", "--no-pager", "--quiet", "-o", "cat", "-u", unit)
    said = container.run(argv).stdout.splitlines()
    return [line.removeprefix(MARK) for line in said if line.startswith(MARK)]


__all__ = ["TARGETS", "Place", "try_everything"]
