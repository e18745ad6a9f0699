"""The rows of the checks: tables as text, and report.json."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from tests.vm.check import CheckRow

UNITS_TOLD = 3
"""Above this, units for which a row is the same are counted rather than named."""


@dataclass
class MachineReport:
    """What the checks have found on a machine; `broken` has those that ended early, and why."""

    suite: str
    server: str
    facts: dict[str, str]
    rows: list[tuple[str, CheckRow]] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)

    def is_ok(self) -> bool:
        """Tell whether every check was played to its end, and every wall and limit holds."""
        return not self.broken and bool(self.rows) and all(row.holds for _, row in self.rows)

    def problems(self) -> list[str]:
        """Return in words what is wrong."""
        failed = [
            f"{row.what} {row.where}: {row.tried}: {row.outcome}" for _, row in self.rows if not row.holds
        ]
        return [*failed, *(f"{name} ended early: {error}" for name, error in self.broken.items())]


def as_json(reports: Iterable[MachineReport]) -> str:
    """Return report.json."""
    machines = [
        {
            "suite": report.suite,
            "server": report.server,
            "facts": report.facts,
            "ok": report.is_ok(),
            "broken": report.broken,
            "rows": [{"check": check, **asdict(row)} for check, row in report.rows],
        }
        for report in reports
    ]
    return json.dumps({"machines": machines}, indent=2) + "\n"


def as_text(report: MachineReport) -> str:
    """Return the versions and a table in Markdown, with one line for what many units have in common."""
    facts = ", ".join(f"{name} {value}" for name, value in report.facts.items())
    end = "ok" if report.is_ok() else "FAIL"
    lines = [
        f"{report.suite}, {report.server}: {end}",
        facts,
        "",
        "| wall, limit or event | where | tried | what stopped it, or what came of it |",
        "|---|---|---|---|",
        *(
            f"| {what} | {where} | {tried} | {outcome} |"
            for what, where, tried, outcome in merged(report.rows)
        ),
        *(["", *(f"FAIL {problem}" for problem in report.problems())] if report.problems() else []),
    ]
    return "\n".join(lines) + "\n"


def merged(rows: Iterable[tuple[str, CheckRow]]) -> list[tuple[str, str, str, str]]:
    """Return what, where, tried and outcome, with one line for all units in which the same was tried.

    The outcome of most comes first; what came of it elsewhere follows with its units. A failure has a line of
    its own.
    """
    attempts: dict[tuple[str, str, bool], dict[str, list[str]]] = {}
    for _, row in rows:
        outcome = row.outcome.partition("\n")[0]
        places = attempts.setdefault((row.what, row.tried, row.holds), {}).setdefault(outcome, [])
        if (place := row.where.replace("`", "")) not in places:
            places.append(place)
    lines = []
    for (what, tried, holds), outcomes in attempts.items():
        first, *others = sorted(outcomes.items(), key=lambda each: -len(each[1]))
        words = [first[0], *(f"{_told(places)}: {outcome}" for outcome, places in others)]
        everywhere = list(dict.fromkeys(place for places in outcomes.values() for place in places))
        lines.append((what, _told(everywhere), tried, ("" if holds else "FAIL: ") + "; ".join(words)))
    return lines


def _told(places: Sequence[str]) -> str:
    return ", ".join(places) if len(places) <= UNITS_TOLD else f"{len(places)} units"
