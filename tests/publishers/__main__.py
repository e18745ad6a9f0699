"""`python -m tests.publishers`: play the cases and report; exit status 0 if all are as they should be."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.choice import choose
from tests.chaos.on_servers import play_on
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
    parser.add_argument(
        "--out", type=Path, default=Path("publishers-report"), help="where to write the report"
    )
    screen = Screen()
    choice = choose(parser, "case", CASES, chosen, screen, which="the cases that begin so")
    try:
        return run(choice.servers, choice.entries, choice.arguments.out, screen)
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
