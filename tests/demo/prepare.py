"""The cost of preparing a fallback during a broadcast.

Run as `python -m tests.demo.prepare [--server srs|nginx-rtmp]`, as root. OBS is live to four platforms while
restream-fallback-prepare.service converts a 30 s 1080p clip. It prints the longest silence at each platform
before and during the preparation, and the duration of the preparation.
"""

import argparse
import sys
import time

from tests.demo.install import PROGRAM, PUBLISH_URL, install
from tests.demo.screen import Screen
from tests.demo.watcher import Watcher
from tests.lab.container import Container
from tests.lab.measure import longest_silence
from tests.lab.obs import Obs
from tests.lab.platform import PlatformServer

NAMES = ("alpha", "beta", "gamma", "delta")
CLIP = "/srv/clip.mp4"
BEFORE_SECONDS = 15.0
ADDED_MS = 100.0


def main() -> int:
    """Play, prepare, measure; return 0 if the preparation added at most ADDED_MS to each longest silence."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo.prepare", description=__doc__)
    parser.add_argument("--server", choices=("srs", "nginx-rtmp"), default="nginx-rtmp")
    screen = Screen()
    with Container() as container:
        platforms = tuple(
            PlatformServer(container, name, key=f"{name}-key", port=21000 + 10 * number)
            for number, name in enumerate(NAMES)
        )
        for platform in platforms:
            platform.start()
        install(container, parser.parse_args().server, platforms, screen)
        _use_clip(container)
        watcher = Watcher(platforms, screen)
        since = time.monotonic()
        obs = Obs(container, PUBLISH_URL).start()
        watcher.wait_for("live", since=since, timeout=15)
        container.wait_until(lambda: not _is_preparing(container), 300, "the first preparation to end")
        before, took, during = _measure(container, platforms)
        obs.stop()
    for name in NAMES:
        print(
            f"{name:8} longest silence {before[name]:4.0f} ms before, {during[name]:4.0f} ms while preparing"
        )
    print(f"a 30 s 1080p clip was prepared in {took:.0f} s")
    return 0 if all(during[name] <= before[name] + ADDED_MS for name in NAMES) else 1


def _use_clip(container: Container) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30:d=30", "-f", "lavfi", "-i", "sine=d=30")
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", CLIP)
    container.run(("mkdir", "-p", "/srv"))
    container.run(("ffmpeg", "-v", "error", *source, *codec), timeout=180)
    toml = container.read("/etc/restream-agent/restream.toml")
    with_clip = toml.replace("[fallback]\n", f'[fallback]\nvideo = "{CLIP}"\n')
    container.write("/etc/restream-agent/restream.toml", with_clip)
    container.run((PROGRAM, "apply"), timeout=300)


def _measure(
    container: Container, platforms: tuple[PlatformServer, ...]
) -> tuple[dict[str, float], float, dict[str, float]]:
    calm = time.monotonic()
    container.wait_until(lambda: time.monotonic() > calm + BEFORE_SECONDS, 60, "a calm stretch to pass")
    directory = "/var/lib/restream-agent/fallback"
    container.run(("sh", "-c", f"rm {directory}/*p30*.flv {directory}/live-profile.json"))
    began = time.monotonic()
    container.run(("systemctl", "start", "restream-fallback-prepare.service"), timeout=600)
    ended = time.monotonic()
    arrivals = {
        platform.name: [m.arrived for one in platform.reader.update() for m in one.messages]
        for platform in platforms
    }
    before = {name: longest_silence(times, calm, began) for name, times in arrivals.items()}
    during = {name: longest_silence(times, began, ended) for name, times in arrivals.items()}
    return before, ended - began, during


def _is_preparing(container: Container) -> bool:
    state = ("systemctl", "show", "-P", "ActiveState", "restream-fallback-prepare.service")
    return container.run(state).stdout.strip() in ("activating", "active")


if __name__ == "__main__":
    sys.exit(main())
