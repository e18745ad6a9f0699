"""The machine and the versions behind the figures."""

import datetime
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.lab.servers import SRS

ANSWER_SECONDS = 20.0
# Each is asked in its own way; what is not installed is left out.
ASKED = {
    "ffmpeg": (("ffmpeg", "-version"), r"ffmpeg version (\S+)"),
    "nginx-rtmp": (("dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-rtmp"), r"(\S+)"),
    "SRS": ((str(SRS), "-v"), r"(\S+)"),
    "systemd": (("systemctl", "--version"), r"systemd (\d+)"),
    "liquidsoap": (("dpkg-query", "-W", "-f", "${Version}", "liquidsoap"), r"(\S+)"),
    "node": (("node", "--version"), r"v?(\S+)"),
}


def machine() -> dict[str, object]:
    """Describe this machine, now: processor, memory, kernel, versions, load and date."""
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _line(Path("/proc/cpuinfo"), "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "system": _line(Path("/etc/os-release"), "PRETTY_NAME").strip('"'),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _asked(("git", "describe", "--always", "--dirty"), r"(\S+)"),
        "versions": {
            name: found for name, (argv, pattern) in ASKED.items() if (found := _asked(argv, pattern))
        },
    }


def _line(path: Path, name: str) -> str:
    found = re.search(rf"^{name}\s*[:=]\s*(.*)$", path.read_text(), re.MULTILINE)
    return found.group(1) if found else "unknown"


def _asked(argv: Sequence[str], pattern: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=ANSWER_SECONDS)
    except OSError:
        return ""
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(1) if done.returncode == 0 and found else ""
