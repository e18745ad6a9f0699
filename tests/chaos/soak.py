"""`python -m tests.chaos.soak --minutes N`: OBS comes and goes at random; no process may grow."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos import costs
from tests.chaos.broadcast import ChaosBroadcast
from tests.chaos.drive import settle
from tests.chaos.long_run import read_arguments
from tests.chaos.soak_run import SoakResult, SoakRun
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.deadline import LabError

AV_OFFSET_MS = 50.0


def main() -> int:
    """Soak and report; return 0 if all is well, 1 if something grew, broke or drifted, 130 on Ctrl-C."""
    screen = Screen()
    arguments = read_arguments(
        "python -m tests.chaos.soak",
        "Play a long broadcast with random disturbances.",
        out="soak-report",
        screen=screen,
    )
    seed = arguments.seed
    try:
        soak, stopped = run(arguments.server, arguments.minutes, seed, arguments.out, screen)
    except KeyboardInterrupt:
        return 130
    failures = [*stopped, *problems(soak)]
    report = as_json(soak, failures, server=arguments.server, minutes=arguments.minutes, seed=seed)
    (arguments.out / "report.json").write_text(report)
    show(soak, failures, screen)
    screen.plain(f"\nreport: {arguments.out / 'report.json'}")
    return 1 if failures else 0


def run(server: str, minutes: float, seed: int, out: Path, screen: Screen) -> tuple[SoakResult, list[str]]:
    """Soak in a fresh container; return the figures and, if the soak stopped early, the reason."""
    out.mkdir(parents=True, exist_ok=True)
    with Container() as container:
        broadcast = ChaosBroadcast(container, server, screen)
        soak, stopped = SoakResult(), []
        try:
            broadcast.build()
            settle(broadcast)
            soak_run = SoakRun(broadcast, minutes, seed)
            soak = soak_run.soak
            soak_run.run()
        except LabError as error:
            stopped.append(f"the soak stopped: {error}")
        finally:
            (out / "journal.txt").write_text(container.journal())
            broadcast.close()
    return soak, stopped


def problems(soak: SoakResult) -> list[str]:
    """Return in words what is wrong. Pure."""
    failures = []
    for name, seen in soak.seen.items():
        failures += seen.problems(name)
        offset = furthest(soak.offsets.get(name, []))
        if offset is None:
            failures.append(f"{name}: no whole clap was received, so the A/V offset is unknown")
        elif offset > AV_OFFSET_MS:
            failures.append(f"{name}: sound is {offset:.0f} ms from its picture")
    for label, growth in costs.growths(soak.samples).items():
        failures += [f"{label}: {problem}" for problem in growth.problems()]
    return failures


def furthest(offsets: Sequence[float]) -> float | None:
    """Return the largest offset of sound and picture in ms; None if none was measured."""
    return max(map(abs, offsets)) if offsets else None


def as_json(soak: SoakResult, failures: Sequence[str], **run: object) -> str:
    """Return report.json: gaps and offsets in ms, sizes in KiB."""
    platforms = {
        name: {**asdict(seen), "av_offset_ms": furthest(soak.offsets.get(name, []))}
        for name, seen in soak.seen.items()
    }
    report: Mapping[str, Any] = {
        **run,
        "ok": not failures,
        "problems": list(failures),
        "platforms": platforms,
        "hand_offs": soak.hand_offs,
        "disturbances": soak.disturbances,
        "processes": {label: asdict(growth) for label, growth in costs.growths(soak.samples).items()},
        "samples": [{label: asdict(cost) for label, cost in sample.items()} for sample in soak.samples],
    }
    return json.dumps(report, indent=2) + "\n"


def show(soak: SoakResult, failures: Sequence[str], screen: Screen) -> None:
    """Write the figures and the failures to the terminal."""
    screen.plain(f"\n{'platform':12}{'lost':>6}{'longest gap':>13}{'disorder':>10}{'max A/V':>10}")
    for name, seen in soak.seen.items():
        offset = furthest(soak.offsets.get(name, []))
        words = "none" if offset is None else f"{offset:.0f} ms"
        screen.plain(
            f"{name:12}{seen.connections_lost:6}{seen.gap_ms:10.0f} ms{seen.non_monotonic:10}{words:>10}"
        )
    done = ", ".join(f"{kind} {count} times" for kind, count in soak.disturbances.items())
    screen.plain(f"\n{soak.hand_offs} hand-offs: OBS {done}")
    screen.plain(f"\n{'process':40}{'memory, start':>15}{'end':>12}{'descriptors':>13}{'end':>5}")
    for label, growth in costs.growths(soak.samples).items():
        memory = f"{growth.rss_start:11.0f} KiB{growth.rss_end:8.0f} KiB"
        screen.plain(f"{label:40}{memory}{growth.descriptors_start:13g}{growth.descriptors_end:5g}")
    screen.plain()
    for failure in failures:
        screen.plain(screen.paint(f"FAIL  {failure}", "bad"))
    if not failures:
        screen.plain(
            screen.paint("Nothing grew, no connection was lost, sound and picture are in step.", "good")
        )


if __name__ == "__main__":
    sys.exit(main())
