"""`python -m tests.demo`: play the broadcast, measure and report; exit status 0 if every bound holds."""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.demo.install import install
from tests.demo.judge import Evidence, judge
from tests.demo.page import write_page
from tests.demo.results import as_json, show
from tests.demo.screen import Screen
from tests.demo.script import DemoBroadcast
from tests.demo.watcher import Watcher
from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.lab.load import measure
from tests.lab.platform import PlatformServer
from tests.lab.received import received

NAMES = ("alpha", "beta")
FIRST_PORT = 21000


def main() -> int:
    """Play the broadcast and report; return 0 if all is well, 1 if a bound is broken, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.demo", description="Play a whole broadcast with failures, and measure it."
    )
    parser.add_argument(
        "--server", choices=("srs", "nginx-rtmp"), default="srs", help="the ingest server to run"
    )
    parser.add_argument("--out", type=Path, default=Path("demo-report"), help="where to write the report")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root: it boots a systemd in a container")
    screen = Screen()
    try:
        return play(arguments.server, arguments.out, screen)
    except LabError as error:
        screen.plain(screen.paint(f"FAIL  {error}", "bad"))
        return 1
    except KeyboardInterrupt:
        return 130


def play(server: str, out: Path, screen: Screen) -> int:
    """Run everything in a fresh container and write the report; raises LabError if it cannot begin."""
    out.mkdir(parents=True, exist_ok=True)
    with Container() as container:
        platforms = tuple(
            PlatformServer(container, name, key=f"{name}-key", port=FIRST_PORT + 10 * number)
            for number, name in enumerate(NAMES)
        )
        for platform in platforms:
            platform.start()
        try:
            install(container, server, platforms, screen)
            broadcast = DemoBroadcast(container, Watcher(platforms, screen), screen)
            _run(broadcast, screen)
        finally:
            (out / "journal.txt").write_text(container.journal())
        screen.line("measure the program's cost with ten relays")
        broadcast.story.load = measure()
        screen.line("decode and measure what the platforms received")
        evidence = collect(platforms, container.shared / "decoded")
        verdict = judge(broadcast.story, evidence)
        (out / "report.json").write_text(as_json(server, broadcast.story, verdict))
        write_page(out / "index.html", server, broadcast.story, verdict, evidence)
    show(broadcast.story, verdict, screen)
    screen.plain(f"\nreport: {out / 'index.html'}")
    return 1 if verdict.faults else 0


def collect(platforms: tuple[PlatformServer, ...], directory: Path) -> dict[str, Evidence]:
    """Decode what every platform received, side by side."""
    with ThreadPoolExecutor(len(platforms)) as pool:
        evidence = pool.map(lambda platform: _evidence(platform, directory / platform.name), platforms)
        return {platform.name: one for platform, one in zip(platforms, evidence, strict=True)}


def _evidence(platform: PlatformServer, directory: Path) -> Evidence:
    connections = tuple(platform.reader.update())
    decoded = tuple(
        received(connection, directory, thumbnails=True) for connection in platform.reader.published()
    )
    return Evidence(connections, decoded, tuple(message.arrived for message in platform.reader.media()))


def _run(broadcast: DemoBroadcast, screen: Screen) -> None:
    """Play the script. An error that stops it becomes a complaint; what arrived is measured all the same."""
    try:
        broadcast.run()
    except LabError as error:
        broadcast.story.complaints.append(f"the script stopped: {error}")
        screen.line(str(error), "bad")


if __name__ == "__main__":
    sys.exit(main())
