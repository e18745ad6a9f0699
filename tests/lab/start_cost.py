"""What the sandbox costs at a start of the program: from systemd's fork to the first instruction.

Run as `python -m tests.lab.start_cost` on a machine that does nothing else. Each variant of the unit starts a
shell with `date` instead of the program, in a container, by turns.
"""

import statistics
import sys
import time

from tests.demo.install import install
from tests.demo.screen import Screen
from tests.lab.container import Container

TIMES = 15
_UNIT = "fallback.service"
_OWN = ("RootDirectory=", "BindReadOnlyPaths=", "ProcSubset=", "InaccessiblePaths=")
_READ_ONLY = ("ProtectKernelTunables=yes", "ProtectControlGroups=yes")
_COMMAND = "/bin/sh -c 'date +%%s%%6N; sleep 0.3'"
_HEAD = f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=exec\nExecStart={_COMMAND}\n"


def variants(unit: str) -> dict[str, list[str]]:
    """Return the lines of each variant's sandbox by what it is, from the text of the unit."""
    lines = [line for line in unit.splitlines() if line and not line.startswith("#")]
    sandbox = lines[lines.index("NoNewPrivileges=yes") :]
    rest = [line for line in sandbox if not line.startswith(_OWN)]
    return {
        "no sandbox": [],
        "a file system of its own, as in the unit": ["DynamicUser=yes", *sandbox],
        "the machine's, read-only, as in other units": ["DynamicUser=yes", *rest, *_READ_ONLY],
    }


def measure(container: Container, unit: str) -> float:
    """Start a unit once; return the ms between the fork and what it wrote."""
    container.run(("systemctl", "start", unit))
    shown = ("systemctl", "show", "-P", "ExecMainStartTimestampMonotonic", unit)
    forked = int(container.run(shown).stdout) / 1e6 + time.time() - time.monotonic()
    time.sleep(0.5)  # it has ended, and what systemd clears away after it is gone
    written = container.run(("journalctl", "-u", unit, "-o", "cat", "-t", "sh", "-n", "1")).stdout
    return int(written) / 1000 - forked * 1000


def main() -> None:
    """Print the median of each variant."""
    with Container() as container:
        install(container, "nginx-rtmp", (), Screen())
        text = container.read(f"/etc/systemd/system/{_UNIT}")
        units = {}
        for number, (what, lines) in enumerate(variants(text).items()):
            units[what] = f"lab-start-{number}.service"
            container.write(f"/run/systemd/system/{units[what]}", _HEAD + "\n".join(lines) + "\n")
        container.run(("systemctl", "daemon-reload"))
        taken: dict[str, list[float]] = {what: [] for what in units}
        for _ in range(TIMES):
            for what, unit in units.items():
                taken[what].append(measure(container, unit))
    for what, each in taken.items():
        sys.stdout.write(f"{statistics.median(each):6.1f} ms  {what}\n")


if __name__ == "__main__":
    main()
