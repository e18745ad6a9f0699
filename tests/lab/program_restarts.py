"""What platforms see when the program is restarted, and when it is killed, while OBS is live.

Run as `python -m tests.lab.program_restarts [TIMES] [SERVER…]`. For each harm it prints the gaps, the phases
that systemd notes of the unit, whether the fallback was seen, and pictures that were lost.
"""

import itertools
import os
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.demo.install import PUBLISH_URL, install
from tests.demo.screen import Screen
from tests.demo.watcher import Watcher
from tests.lab.container import Container
from tests.lab.flv import is_coded
from tests.lab.measure import longest_silence, non_monotonic
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.lab.received import received
from tests.lab.rtmp import VIDEO, RtmpMessage
from tests.lab.scene import FALLBACK

UNIT = "fallback.service"
HOLD_SECONDS = 600
STEADY_SECONDS = 5.0
ENCODER = Encoder(width=640, height=360)
PICTURE_MS = 1000 / ENCODER.fps
HARMS = {"restarted": ("restart", UNIT), "killed": ("kill", "-s", "KILL", UNIT)}
MOMENTS = {
    "leaving": ("ActiveExitTimestampMonotonic", "InactiveEnterTimestampMonotonic"),
    "to start": ("InactiveEnterTimestampMonotonic", "ExecMainStartTimestampMonotonic"),
    "until ready": ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic"),
}


@dataclass
class RestartFigures:
    """Of one harm: the gaps in ms, the phases in ms, and what was wrong on the platforms, in words."""

    gaps: list[float] = field(default_factory=list)
    phases: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in MOMENTS})
    faults: list[str] = field(default_factory=list)


def measure(server: str, times: int) -> dict[str, RestartFigures]:
    """Do each harm so many times on an ingest server."""
    with Container() as container:
        platforms = tuple(
            PlatformServer(container, name, key=f"{name}-key", port=21000 + 10 * number)
            for number, name in enumerate(("alpha", "beta"))
        )
        for platform in platforms:
            platform.start()
        install(container, server, platforms, Screen(), HOLD_SECONDS)
        watcher = Watcher(platforms, Screen())
        since = time.monotonic()
        obs = Obs(container, PUBLISH_URL, ENCODER).start()
        watcher.wait_for("live", since=since, timeout=30)
        time.sleep(STEADY_SECONDS)
        figures = {harm: _harmed(container, platforms, harm, times) for harm in HARMS}
        obs.stop()
        return figures


def _harmed(
    container: Container, platforms: Iterable[PlatformServer], harm: str, times: int
) -> RestartFigures:
    figures, begun = RestartFigures(), time.monotonic()
    for _ in range(times):
        at = time.monotonic()
        container.run(("systemctl", *HARMS[harm]))
        time.sleep(STEADY_SECONDS)
        for platform in platforms:
            platform.reader.update()
            arrivals = [message.arrived for message in platform.reader.media()]
            figures.gaps.append(longest_silence(arrivals, at, at + STEADY_SECONDS))
        for name, milliseconds in _phases(container).items():
            figures.phases[name].append(milliseconds)
    for platform in platforms:
        figures.faults += _faults(container, platform, begun, is_live=harm == "restarted")
    return figures


def _phases(container: Container) -> dict[str, float]:
    names = sorted({name for pair in MOMENTS.values() for name in pair})
    shown = container.run(("systemctl", "show", "-p", ",".join(names), UNIT)).stdout
    moments = {name: int(value) for name, _, value in (line.partition("=") for line in shown.splitlines())}
    return {name: (moments[end] - moments[begin]) / 1000 for name, (begin, end) in MOMENTS.items()}


def _faults(container: Container, platform: PlatformServer, begun: float, *, is_live: bool) -> list[str]:
    """Return what a platform has seen since then that it should not have, in words."""
    connections = [one for one in platform.reader.update() if one.has_media()]
    faults = [f"{platform.name}: {len(connections)} connections"] * (len(connections) != 1)
    messages = [one for one in connections[-1].messages if one.arrived >= begun]
    if disorder := non_monotonic(messages):
        faults.append(f"{platform.name}: {disorder} timestamps that do not increase")
    if is_live:
        decoded = received(connections[-1], container.shared / "decoded" / platform.name)
        wrong = sum(shown.source == FALLBACK for shown in decoded.shown if shown.arrived >= begun)
        faults += [f"{platform.name}: {wrong} pictures of the fallback"] * bool(wrong)
        lost = lost_pictures(messages)
        faults += [f"{platform.name}: {lost} pictures lost"] * bool(lost)
        faults += [f"{platform.name}: {line}" for line in decoded.errors]
    return faults


def lost_pictures(messages: Iterable[RtmpMessage]) -> int:
    """Return how many pictures are missing between the timestamps of a stream of the usual frame rate."""
    stamps = [one.timestamp for one in messages if one.kind == VIDEO and is_coded(one)]
    return sum(round((later - earlier) / PICTURE_MS) - 1 for earlier, later in itertools.pairwise(stamps))


def main() -> None:
    """Print a line for each server and harm."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for server in sys.argv[2:] or ("nginx-rtmp", "srs"):
        print(f"load {' '.join(f'{one:.1f}' for one in os.getloadavg())}", flush=True)
        for harm, figures in measure(server, times).items():
            gaps = sorted(figures.gaps)
            phases = ", ".join(
                f"{name} {statistics.median(all_):.0f}" for name, all_ in figures.phases.items()
            )
            print(f"{server}: {harm} {times} times: gap median {statistics.median(gaps):.0f} ms, "
                  f"max {gaps[-1]:.0f} ms, all {' '.join(f'{gap:.0f}' for gap in gaps)}; medians: {phases}; "
                  f"load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
            for fault in figures.faults:
                print(f"    {fault}", flush=True)


if __name__ == "__main__":
    main()
