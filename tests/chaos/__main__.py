"""`python -m tests.chaos`: play the faults, report; exit status 0 when every one healed within its bounds."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.catalogue import FAULTS, named
from tests.chaos.drive import play_all
from tests.chaos.fault import Fault
from tests.chaos.judge import Played
from tests.chaos.report import as_json, line, show
from tests.demo.screen import Screen
from tests.lab.deadline import LabError
from tests.lab.servers import NO_SRS, SRS


def main() -> int:
    """Play and report; 0 all is well, 1 a fault did not heal or cost too much, 130 interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description="Faults, while a broadcast runs."
    )
    parser.add_argument("--server", choices=("srs", "nginx-rtmp"), help="only this ingest server")
    parser.add_argument("--fault", action="append", default=[], help="only this fault; may be repeated")
    parser.add_argument("--list", action="store_true", help="name the faults and leave")
    parser.add_argument("--out", type=Path, default=Path("chaos-report"), help="where to write the report")
    arguments = parser.parse_args()
    if arguments.list:
        for fault in FAULTS:
            print(f"{fault.name:30}{fault.text}")
        return 0
    try:
        faults = named(tuple(arguments.fault))
    except KeyError as error:
        parser.error(f"no such fault: {error.args[0]}; there are: {', '.join(one.name for one in FAULTS)}")
    if os.geteuid() != 0:
        parser.error("needs root: it boots a systemd in a container")
    screen = Screen()
    servers = (arguments.server,) if arguments.server else found_servers(screen)
    try:
        return run(servers, faults, arguments.out, screen)
    except KeyboardInterrupt:
        return 130


def found_servers(screen: Screen) -> tuple[str, ...]:
    """Return nginx-rtmp, and SRS where its binary is found."""
    if SRS.exists():
        return "nginx-rtmp", "srs"
    screen.plain(f"{NO_SRS} at {SRS}: playing on nginx-rtmp only")
    return ("nginx-rtmp",)


def run(servers: Sequence[str], faults: Sequence[Fault], out: Path, screen: Screen) -> int:
    """Play the faults on each server; the report is written anew after each of them."""
    out.mkdir(parents=True, exist_ok=True)
    played: list[Played] = []
    broken = False
    for server in servers:
        try:
            for one in play_all(server, faults, out / f"journal-{server}.txt", screen):
                played.append(one)
                screen.plain(line(one, screen))
                for problem in one.problems():
                    screen.plain(f"           {problem}")
                (out / "report.json").write_text(as_json(played))
        except LabError as error:
            broken = True
            screen.plain(screen.paint(f"FAIL  {server}: {error}", "bad"))
    show(played, screen)
    screen.plain(f"\nreport: {out / 'report.json'}")
    return 1 if broken or not all(one.is_ok() for one in played) else 0


if __name__ == "__main__":
    sys.exit(main())
