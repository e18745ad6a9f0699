"""`python -m tests.publishers.night --minutes N`: publishers of every kind come and go at random.

Exit status 0 if no platform lost its connection, no timestamp went back, both tracks were there in every
second, and sound and picture are in step at the end.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.chaos.long_run import read_arguments
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.publishers.night_judge import NightResult
from tests.publishers.night_run import NightRun
from tests.publishers.stage import PublisherStage


def main() -> int:
    """Play and report; return 0 if all is well, 1 if not, 130 on Ctrl-C."""
    screen = Screen()
    arguments = read_arguments(
        "python -m tests.publishers.night",
        "Let publishers of every kind come and go at random.",
        out="publishers-report",
        screen=screen,
    )
    seed = arguments.seed
    try:
        result, stopped = play(arguments.server, arguments.minutes, seed, arguments.out, screen)
    except KeyboardInterrupt:
        return 130
    problems = [*stopped, *result.problems()]
    report = as_json(result, problems, server=arguments.server, minutes=arguments.minutes, seed=seed)
    (arguments.out / "night.json").write_text(report)
    show(result, problems, screen)
    screen.plain(f"\nreport: {arguments.out / 'night.json'}")
    return 1 if problems else 0


def play(server: str, minutes: float, seed: int, out: Path, screen: Screen) -> tuple[NightResult, list[str]]:
    """Play in a fresh container; return the figures and, if the night stopped early, the reason."""
    out.mkdir(parents=True, exist_ok=True)
    with Container() as container:
        stage = PublisherStage(container, server, screen)
        result, stopped = NightResult(), list[str]()
        try:
            stage.build()
            night = NightRun(stage, seed)
            result = night.result
            night.run(minutes)
        except LabError as error:
            stopped.append(f"the night stopped: {error}")
        finally:
            for publisher in stage.publishers:
                publisher.kill()
            (out / "journal-night.txt").write_text(container.journal())
    return result, stopped


def as_json(result: NightResult, problems: Sequence[str], **run: object) -> str:
    """Return night.json: gaps and offsets in ms."""
    platforms = {
        name: {**asdict(seen), "sync_end_ms": result.sync_end.get(name), **_lacking(result, name)}
        for name, seen in result.seen.items()
    }
    report = {
        **run,
        "ok": not problems,
        "problems": list(problems),
        "platforms": platforms,
        "published": result.published,
        "ended": result.ended,
        "sync_ms": {kind: [round(one) for one in offsets] for kind, offsets in result.sync.items()},
    }
    return json.dumps(report, indent=2) + "\n"


def show(result: NightResult, problems: Sequence[str], screen: Screen) -> None:
    """Write the figures and the problems to the terminal."""
    titles = f"{'platform':12}{'lost':>6}{'disorder':>10}{'longest gap':>14}{'no picture':>12}{'mute':>6}"
    screen.plain(f"\n{titles}{'sync, end':>11}")
    for name, seen in result.seen.items():
        offset, lacking = result.sync_end.get(name), _lacking(result, name)
        end = "-" if offset is None else f"{offset:+.0f} ms"
        screen.plain(
            f"{name:12}{seen.connections_lost:6}{seen.non_monotonic:10}{seen.gap_ms:11.0f} ms"
            f"{lacking['seconds_without_picture']:12}{lacking['seconds_without_sound']:6}{end:>11}"
        )
    screen.plain(f"\n{'publisher':24}{'times':>6}  worst sync of each")
    for kind, count in sorted(result.published.items()):
        offsets = ", ".join(f"{one:+.0f}" for one in result.sync.get(kind, []))
        screen.plain(f"{kind:24}{count:6}  {offsets}")
    screen.plain(f"\nended: {result.ended}\n")
    for problem in problems:
        screen.plain(screen.paint(f"FAIL  {problem}", "bad"))


def _lacking(result: NightResult, name: str) -> dict[str, int]:
    lacking = result.tracks[name].lacking() if name in result.tracks else {}
    return {f"seconds_without_{track}": len(lacking.get(track, [])) for track in ("picture", "sound")}


if __name__ == "__main__":
    sys.exit(main())
