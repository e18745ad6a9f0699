"""`python -m benchmarks`: measure the sections, write results, plots and the page."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks import page, results
from benchmarks.bench import Bench
from benchmarks.machine import machine
from tests.demo.screen import Screen
from tests.lab.deadline import LabError
from tests.lab.servers import SRS

PROJECT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Return 0 if every section was measured, 1 if one failed, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same with fewer repetitions")
    parser.add_argument(
        "--only", action="append", choices=results.SECTIONS, help="measure this section, keep the others"
    )
    parser.add_argument(
        "--page", action="store_true", help="measure nothing: write plots and page from the results"
    )
    parser.add_argument(
        "--out", type=Path, default=PROJECT, help="writes benchmarks/results.json and docs/ below it"
    )
    arguments = parser.parse_args()
    sections = () if arguments.page else tuple(arguments.only or results.SECTIONS)
    if sections and os.geteuid() != 0:
        parser.error("needs root: it boots a systemd in a container")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    screen = Screen()
    try:
        failed = _measure(sections, arguments.out, screen, quick=arguments.quick)
        write(arguments.out)
    except KeyboardInterrupt:
        return 130
    return 1 if failed else 0


def write(out: Path) -> None:
    """Write plots and page from the results below a directory."""
    found = results.load(out / "benchmarks" / "results.json")
    pictures = out / "docs" / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, svg in page.plots(found).items():
        (pictures / name).write_text(svg)
    (out / "docs" / "performance.md").write_text(page.page(found))


def _measure(sections: tuple[str, ...], out: Path, screen: Screen, *, quick: bool) -> list[str]:
    """Measure the sections and keep each result at once; return the sections that failed."""
    file = out / "benchmarks" / "results.json"
    work = Path(tempfile.mkdtemp(prefix="restream-bench-"))
    servers = ("srs", "nginx-rtmp") if SRS.exists() else ("nginx-rtmp",)
    bench = Bench(quick, work, servers, screen)
    failed = []
    try:
        for name in sections:
            screen.line(f"{name}: measured from here", "event")
            begun = time.monotonic()
            facts = {**machine(), "quick": quick}
            try:
                data = import_module(f"benchmarks.{name}").measure(bench)
            except (LabError, ImportError) as error:
                screen.line(f"{name}: {error}", "bad")
                failed.append(name)
                continue
            data["took_seconds"] = round(time.monotonic() - begun)
            known = results.with_section(results.load(file), results.MACHINE, facts)
            results.save(file, results.with_section(known, name, data))
            screen.line(f"{name}: took {data['took_seconds']} s", "good")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
