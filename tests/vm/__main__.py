"""`python -m tests.vm`: boot Debian with its own kernel, and check walls, limits, power and clock there.

Exit status 0 if everything holds, 1 if not, 130 after Ctrl-C.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import FrameType

from tests.chaos.choice import choose
from tests.demo.screen import Screen
from tests.lab.deadline import LabError
from tests.vm import broadcast, image, installed, qemu
from tests.vm.catalogue import CHECKS, named
from tests.vm.check import MachineCheck
from tests.vm.report import MachineReport, as_json, as_text
from tests.vm.workplace import sweep

FACTS = {
    "kernel": "uname -r",
    "systemd": "systemctl --version | sed -n '1s/[^0-9]*\\([0-9]*\\).*/\\1/p'",
    "ffmpeg": "ffmpeg -version | sed -n '1s/ffmpeg version \\([^ ]*\\).*/\\1/p'",
    "restream-agent": "dpkg-query --show --showformat '${Version}' restream-agent",
    "processors": "nproc",
}


def main() -> int:
    """Play and report."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.vm", description="Check what needs a kernel of its own."
    )
    parser.add_argument("--dist", choices=tuple(image.SUITES), action="append", help="boot only this release")
    parser.add_argument("--out", type=Path, default=Path("vm-report"), help="where to write the report")
    screen = Screen()
    choice = choose(parser, "check", CHECKS, named, screen)
    suites = choice.arguments.dist or tuple(image.SUITES)
    signal.signal(signal.SIGTERM, _exit_on_sigterm)
    sweep()
    try:
        return run(suites, choice.servers, choice.entries, choice.arguments.out, screen)
    except KeyboardInterrupt:
        return 130


def run(
    suites: Sequence[str], servers: Sequence[str], checks: Sequence[MachineCheck], out: Path, screen: Screen
) -> int:
    """Play the checks on each release and server; the report is rewritten after each check."""
    out.mkdir(parents=True, exist_ok=True)
    reports: list[MachineReport] = []

    def save() -> None:
        (out / "report.json").write_text(as_json(reports))
        (out / "report.txt").write_text("\n".join(map(as_text, reports)))

    is_whole = True
    for suite in suites:
        for server in servers:
            try:
                report = MachineReport(suite, server, {})
                reports.append(report)
                _play_on(report, checks, out, screen, save)
            except LabError as error:
                is_whole = False
                screen.plain(screen.paint(f"FAIL  {suite} {server}: {error}", "bad"))
    save()
    screen.plain("\n" + "\n".join(map(as_text, reports)))
    screen.plain(f"report: {out / 'report.txt'}, {out / 'report.json'}")
    return 0 if is_whole and all(report.is_ok() for report in reports) else 1


def _exit_on_sigterm(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _play_on(
    report: MachineReport, checks: Sequence[MachineCheck], out: Path, screen: Screen, save: Callable[[], None]
) -> None:
    screen.line(f"{report.suite}: make the disk", "dim")
    accelerated = qemu.accelerator(image.make(report.suite))
    name = accelerated.partition(",")[0]
    screen.line(f"{report.suite}, {report.server}: boot with {name}, and install", "dim")
    with installed.machine(report.suite, report.server, accelerated) as played:
        guest = played.guest
        report.facts.update({fact: guest.shell(script).strip() for fact, script in FACTS.items()})
        report.facts |= {"date": date.today().isoformat(), "accelerator": name}
        for check in checks:
            _play(report, check, played, screen)
            save()
        (out / f"journal-{report.suite}-{report.server}.txt").write_text(guest.journal())


def _play(
    report: MachineReport, check: MachineCheck, played: broadcast.MachineBroadcast, screen: Screen
) -> None:
    screen.line(f"{check.name}: {check.text}", "event")
    began = time.monotonic()
    try:
        if next(reversed(report.seconds), "") in report.broken:
            played.recover()
        played.begin()
        for row in check.play(played):
            report.rows.append((check.name, row))
            if not row.holds:
                screen.line(f"FAIL  {row.what} {row.where}: {row.tried}: {row.outcome}", "bad")
    except Exception as error:  # whatever ends one check, the others are played
        report.broken[check.name] = f"{type(error).__name__}: {error}"
        screen.line(f"FAIL  {check.name} ended early: {error}", "bad")
    report.seconds[check.name] = time.monotonic() - began
    screen.line(f"{check.name}: {report.seconds[check.name]:.0f} s", "dim")


if __name__ == "__main__":
    sys.exit(main())
