"""Looks at the machine for `doctor`: systemd, clock, disk, fonts, units. It changes nothing."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from restream_agent.base import paths, process
from restream_agent.base.errors import CommandError
from restream_agent.deploy.machine_findings import ClockFacts, DiskSpace, FontFacts, SystemdFacts
from restream_agent.fallback import slate
from restream_agent.systemd import systemctl
from restream_agent.systemd.transient import SANDBOX, run_confined

_TIMEOUT = 10.0
"""Seconds. Each question is answered in some ms; a machine that boots is slow."""

_VERSION = re.compile(r"^systemd (\d+)", re.MULTILINE)
_SERVER_VERSION = re.compile(r"(\d+\.\d+[\w.-]*)")
_PLACES = (paths.STATE, "/etc", "/run", "/var/log/journal")
"""What fills up: prepared videos, our files, sockets and settings of units, the journal."""

_AS_TOLERANT = (*SANDBOX, "Environment=ASAN_OPTIONS=detect_leaks=0")
"""SRS as its documentation builds it searches for leaks at exit, which no sandbox allows."""


def look_at_systemd() -> SystemdFacts:
    """Look at process 1."""
    with suppress(OSError):
        name = Path("/proc/1/comm").read_text().strip()
        found = _VERSION.search(_said("systemctl", "--version")) if systemctl.is_running() else None
        return SystemdFacts(name, systemctl.is_running(), int(found[1]) if found else 0)
    return SystemdFacts("", systemctl.is_running(), 0)


def look_at_clock() -> ClockFacts:
    """Look at the clock."""
    shown = dict(line.partition("=")[::2] for line in _said("timedatectl", "show").splitlines())
    known = {"yes": True, "no": False}
    return ClockFacts(
        now=datetime.now().astimezone(),
        installed=datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC).astimezone(),
        is_synchronised=known.get(shown.get("NTPSynchronized", "")),
        is_service_on=known.get(shown.get("NTP", "")),
    )


def look_at_disks(places: Iterable[str] = _PLACES) -> tuple[DiskSpace, ...]:
    """Look at the file systems of some places, each once; of a place that is missing, at what is above it."""
    found = dict[int, DiskSpace]()
    for name in places:
        place = Path(name)
        while not place.exists():
            place = place.parent
        if place.stat().st_dev not in found:
            room = os.statvfs(place)
            # Some file systems, such as btrfs, make files as long as there is room, and say 0.
            files = room.f_favail if room.f_files else None
            space = DiskSpace(str(place), room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize, files)
            found[place.stat().st_dev] = space
    return tuple(found.values())


def look_at_font(message: str) -> FontFacts:
    """Look for the font that a slate with a message would have."""
    font = slate.find_font(message)
    return FontFacts(
        message,
        None if font is None else font.name,
        slate.missing_letters(message),
        is_known=slate.has_fontconfig(),
    )


def server_version(binary: str) -> str:
    """Return the version that an ingest server says, "" if it says none; CommandError if it does not run.

    The author of the TOML chooses the executable, so root does not run it: systemd does, in a sandbox.
    """
    done = run_confined((binary, "-v"), timeout=_TIMEOUT, properties=_AS_TOLERANT)
    found = _SERVER_VERSION.search(done.stdout + done.stderr)
    return found[1] if found else ""


def _said(*argv: str) -> str:
    """Return what a program says, "" if it is missing or fails."""
    try:
        return process.run(argv, timeout=_TIMEOUT).stdout
    except CommandError:
        return ""
