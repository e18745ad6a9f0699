"""`python -m tests.publishers`: play the cases and report; exit status 0 if all are as they should be."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.on_servers import installed_servers, play_on
from tests.demo.screen import Screen
from tests.publishers.case import PublisherCase
from tests.publishers.catalogue import CASES, chosen
from tests.publishers.drive import play_all, playable
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
    report = out / "report.json"
    played, is_whole = play_on(
        servers,
        lambda server: play_all(server, can_play, out / f"journal-{server}.txt", screen),
        line,
        screen,
        save=lambda played: report.write_text(as_json(played)),
    )
    show(played, screen)
    screen.plain(f"\nreport: {report}")
    return 0 if is_whole and all(result.is_ok() for result in played) else 1


if __name__ == "__main__":
    sys.exit(main())
