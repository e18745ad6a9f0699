"""docs/performance.md, from the results. Pure."""

from collections.abc import Iterable, Mapping
from importlib import import_module

from benchmarks.results import MACHINE, SECTIONS

HEAD = """\
# Performance

<!-- Written by `make bench` from benchmarks/results.json: do not edit. -->

Every figure here comes from `make bench` on the machine below: it takes 2 cores and under 40 minutes
(`make bench QUICK=1`: fewer repetitions, under 6). Everything runs on loopback, in containers of its own.
Medians, p95 (nearest rank) and maxima are over all repetitions; no value is left out.
"""


def page(results: Mapping[str, object]) -> str:
    """Return the page of these results; a section without a result has no chapter."""
    chapters = [_machine(results.get(MACHINE))]
    chapters += [_chapter(name, results[name]) for name in SECTIONS if name in results]
    return "\n".join((HEAD, *chapters)).rstrip() + "\n"


def plots(results: Mapping[str, object]) -> dict[str, str]:
    """Return every SVG file by its name."""
    files: dict[str, str] = {}
    for name in SECTIONS:
        draw = getattr(import_module(f"benchmarks.{name}"), "plots", None) if name in results else None
        if draw:
            files.update(draw(results[name]))
    return files


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Return a Markdown table; the first column is text, the others are figures."""
    lines = [_row(head), "|---|" + "---:|" * (len(head) - 1), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def command(section: str) -> str:
    """Return the line that says how to get a section's figures again."""
    return f"Again: `.venv/bin/python -m benchmarks --only {section}`\n"


def _row(cells: tuple[object, ...]) -> str:
    return "| " + " | ".join("-" if cell is None else str(cell) for cell in cells) + " |"


def _chapter(name: str, data: object) -> str:
    chapter: str = import_module(f"benchmarks.{name}").chapter(data)
    return chapter


def _machine(data: object) -> str:
    if not isinstance(data, dict):
        return ""
    versions = ", ".join(f"{name} {version}" for name, version in data["versions"].items())
    quick = " With QUICK=1: few repetitions." if data.get("quick") else ""
    return (
        "## The machine\n\n"
        f"{data['processor']}, {data['cores']} cores, {data['memory_gib']} GiB, {data['system']}, "
        f"Linux {data['kernel']}, Python {data['python']}; {versions}; restream-agent {data['commit']}. "
        f"Measured {data['date']}; load before: {data['load_before']}.{quick}\n"
    )
