"""`python -m tests.chaos`: play the faults and report; exit status 0 if all of them heal within bounds."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.broadcast import ChaosBroadcast
from tests.chaos.catalogue import FAULTS, named
from tests.chaos.channels import ThreeChannels
from tests.chaos.choice import choose
from tests.chaos.drive import play_all
from tests.chaos.fault import Fault
from tests.chaos.on_servers import play_on
from tests.chaos.report import as_json, line, show
from tests.demo.screen import Screen


def main() -> int:
    """Play and report; return 0 if all is well, 1 if a fault did not heal or cost too much, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description="Play faults during a broadcast and judge them."
    )
    parser.add_argument("--channels", action="store_true", help="strike one of three channels")
    parser.add_argument("--out", type=Path, default=Path("chaos-report"), help="where to write the report")
    screen = Screen()
    choice = choose(parser, "fault", FAULTS, named, screen)
    try:
        scene = ThreeChannels if choice.arguments.channels else ChaosBroadcast
        return run(choice.servers, choice.entries, choice.arguments.out, screen, scene)
    except KeyboardInterrupt:
        return 130


def run(
    servers: Sequence[str],
    faults: Sequence[Fault],
    out: Path,
    screen: Screen,
    scene: type[ChaosBroadcast] = ChaosBroadcast,
) -> int:
    """Play the faults on each server; the report is rewritten after each fault."""
    out.mkdir(parents=True, exist_ok=True)
    report = out / "report.json"
    played, is_whole = play_on(
        servers,
        lambda server: play_all(server, faults, out / f"journal-{server}.txt", screen, scene),
        line,
        screen,
        save=lambda played: report.write_text(as_json(played)),
    )
    show(played, screen)
    screen.plain(f"\nreport: {report}")
    return 0 if is_whole and all(result.is_ok() for result in played) else 1


if __name__ == "__main__":
    sys.exit(main())
