"""The results of the faults: a table on the terminal, and report.json."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.chaos.judge import Played, Seen
from tests.chaos.on_servers import show_problems
from tests.demo.screen import Screen

TITLES = (
    f"{'server':11}{'fault':30}{'heals':>8}{'lost':>6}{'gap':>9}{'bound':>9}{'disorder':>10}{'others':>9}"
)


def as_json(played: Iterable[Played]) -> str:
    """Return report.json: gaps in ms; seconds_to_heal from the fault's last blow, null if not healed."""
    return json.dumps({"faults": [as_row(one) for one in played]}, indent=2) + "\n"


def as_row(one: Played) -> dict[str, Any]:
    """Return one fault of the report."""
    return {
        "name": one.name,
        "server": one.server,
        "text": one.text,
        "ok": one.is_ok(),
        "healed": one.healed,
        "end_state": one.end_state,
        "seconds_to_heal": None if one.seconds_to_heal is None else round(one.seconds_to_heal, 2),
        "bound_ms": one.bound_ms,
        "concerns": list(one.concerns),
        "problems": one.problems(),
        "counts": dict(one.counts),
        "platforms": _table(one.platforms),
        "bystanders": _table(one.bystanders),
    }


def _table(platforms: Mapping[str, Seen]) -> dict[str, Any]:
    return {
        name: {
            "connections_lost": seen.connections_lost,
            "gap_ms": round(seen.gap_ms, 1),
            "non_monotonic": seen.non_monotonic,
        }
        for name, seen in platforms.items()
    }


def line(one: Played, screen: Screen) -> str:
    """Return a fault's line of the table: its cost for the platforms that it does not concern."""
    spared = [seen for name, seen in one.platforms.items() if name not in one.concerns]
    gap, others = one.gap_ms(), one.bystanders_gap_ms()
    heals = "never" if one.seconds_to_heal is None else f"{one.seconds_to_heal:.1f} s"
    figures = (
        f"{heals:>8}{sum(seen.connections_lost for seen in spared):6}"
        f"{'' if gap is None else f'{gap:.0f} ms':>9}{one.bound_ms:6.0f} ms"
        f"{sum(seen.non_monotonic for seen in one.platforms.values()):10}"
        f"{'' if others is None else f'{others:.0f} ms':>9}"
    )
    mark = screen.paint("ok", "good") if one.is_ok() else screen.paint("FAIL", "bad")
    return f"{one.server:11}{one.name:30}{figures}  {mark}"


def show(played: Iterable[Played], screen: Screen) -> None:
    """Write the table and the problems to the terminal."""
    results = list(played)
    screen.plain()
    screen.plain(TITLES)
    for result in results:
        screen.plain(line(result, screen))
    screen.plain()
    show_problems(results, screen)
    if results and all(result.is_ok() for result in results):
        screen.plain(screen.paint("Every fault healed by itself within its bounds.", "good"))
