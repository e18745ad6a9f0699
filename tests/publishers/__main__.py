"""`python -m tests.publishers`: play the cases and report; exit status 0 if all are as they should be."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.__main__ import installed_servers
from tests.demo.screen import Screen
from tests.lab.deadline import LabError
from tests.publishers.case import PublisherCase
from tests.publishers.catalogue import CASES, chosen
from tests.publishers.drive import play_all, playable
from tests.publishers.judge import CasePlayed
from tests.publishers.report import as_json, line, show


def main() -> int:
    """Play and report; return 0 if all is well, 1 if a case is not as it should be, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.publishers", description="Play what real publishers send, and judge it."
    )
    parser.add_argument("--server", choices=("srs", "nginx-rtmp"), help="play only on this ingest server")
    parser.add_argument(
        "--case", action="append", default=[], help="play only the cases that begin so; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="list the cases and exit")
    parser.add_argument(
        "--out", type=Path, default=Path("publishers-report"), help="where to write the report"
    )
    arguments = parser.parse_args()
    if arguments.list:
        for case in CASES:
            print(f"{case.name:27}{case.text}")
        return 0
    try:
        cases = chosen(tuple(arguments.case))
    except KeyError as error:
        parser.error(f"unknown case: {error.args[0]}; --list shows all cases")
    if os.geteuid() != 0:
        parser.error("needs root: it boots a systemd in a container")
    screen = Screen()
    servers = (arguments.server,) if arguments.server else installed_servers(screen)
    try:
        return run(servers, cases, arguments.out, screen)
    except KeyboardInterrupt:
        return 130


def run(servers: Sequence[str], cases: Sequence[PublisherCase], out: Path, screen: Screen) -> int:
    """Play the cases on each server; the report is rewritten after each case."""
    out.mkdir(parents=True, exist_ok=True)
    can_play = playable(cases)
    for case in cases:
        if case not in can_play:
            screen.plain(f"not played, ffmpeg cannot encode {', '.join(case.encoders)}: {case.name}")
    played: list[CasePlayed] = []
    has_stopped = False
    for server in servers:
        try:
            for result in play_all(server, can_play, out / f"journal-{server}.txt", screen):
                played.append(result)
                screen.plain(line(result, screen))
                for problem in result.problems():
                    screen.plain(f"           {problem}")
                (out / "report.json").write_text(as_json(played))
        except LabError as error:
            has_stopped = True
            screen.plain(screen.paint(f"FAIL  {server}: {error}", "bad"))
    show(played, screen)
    screen.plain(f"\nreport: {out / 'report.json'}")
    return 1 if has_stopped or not all(result.is_ok() for result in played) else 0


if __name__ == "__main__":
    sys.exit(main())
