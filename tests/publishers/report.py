"""The results of the cases: a table on the terminal, and report.json."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from tests.chaos.on_servers import show_problems
from tests.demo.screen import Screen
from tests.publishers.judge import CasePlayed, Reception

TITLES = (
    f"{'server':11}{'case':27}{'codecs':>14}{'first':>8}{'lip sync':>10}{'hand-offs':>11}{'lost':>6}"
    f"{'disorder':>10}{'decoder':>9}{'no pic':>8}{'mute':>6}{'clock':>9}{'longest gap':>13}"
)


def as_json(played: Iterable[CasePlayed]) -> str:
    """Return report.json: times in ms, seconds without a track as counts."""
    return json.dumps({"cases": [as_row(one) for one in played]}, indent=2) + "\n"


def as_row(one: CasePlayed) -> dict[str, Any]:
    """Return one case of the report."""
    return {
        "name": one.name,
        "server": one.server,
        "item": one.item,
        "text": one.text,
        "ok": one.is_ok(),
        "problems": one.problems(),
        "received": _rounded(one.first),
        "joined": None if one.joined is None else _rounded(one.joined),
        "back_ms": one.back_ms(),
        "delays_s": list(one.delays_s),
        "counts": dict(one.counts),
        "status": one.says.splitlines(),
        "journal_lines": len(one.journal),
    }


def line(one: CasePlayed, screen: Screen) -> str:
    """Return a case's line of the table: what the first platform received."""
    got = one.first
    lost = max(0, got.connections - 1)
    figures = (
        f"{'+'.join(got.codecs) or '-':>14}{_ms(got.first_picture_ms):>8}{_ms(got.sync_ms, signed=True):>10}"
        f"{max(0, len(got.sources) - 1):11}{lost:6}{got.non_monotonic:10}{len(got.decode_messages):9}"
        f"{got.lacking.get('picture', 0):8}{got.lacking.get('sound', 0):6}{_ms(got.pace_ms, signed=True):>9}"
        f"{_ms(got.gap_ms):>13}"
    )
    mark = screen.paint("ok", "good") if one.is_ok() else screen.paint("FAIL", "bad")
    return f"{one.server:11}{one.name:27}{figures}  {mark}"


def show(played: Iterable[CasePlayed], screen: Screen) -> None:
    """Write the table and the problems to the terminal."""
    results = list(played)
    screen.plain(f"\n{TITLES}")
    for result in results:
        screen.plain(line(result, screen))
    screen.plain()
    show_problems(results, screen)
    good = sum(result.is_ok() for result in results)
    screen.plain(f"{good} of {len(results)} cases are as they should be.")


def _ms(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "-"
    return f"{value:+.0f} ms" if signed else f"{value:.0f} ms"


def _rounded(got: Reception) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, 1)
        return [plain(one) for one in value] if isinstance(value, tuple) else value

    return {name: plain(value) for name, value in asdict(got).items()}
