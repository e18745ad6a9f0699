"""What the checks have found: report.txt and report.json."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from tests.vm import tables
from tests.vm.check import CheckRow


@dataclass
class MachineReport:
    """What the checks have found on a machine, and how many seconds each took.

    `broken` has those that ended early, and why.
    """

    suite: str
    server: str
    facts: dict[str, str]
    rows: list[tuple[str, CheckRow]] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def is_ok(self) -> bool:
        """Tell whether every check was played to its end, and every wall and limit holds."""
        return not self.broken and bool(self.rows) and all(row.holds for _, row in self.rows)

    def ends(self) -> dict[str, str]:
        """Return ok or FAIL by the checks that were played to their end."""
        failed = {check for check, row in self.rows if not row.holds}
        played = (name for name in self.seconds if name not in self.broken)
        return {name: "FAIL" if name in failed else "ok" for name in played}

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
            "seconds": report.seconds,
            "ends": report.ends(),
            "rows": [{"check": check, **asdict(row)} for check, row in report.rows],
        }
        for report in reports
    ]
    return json.dumps({"machines": machines}, indent=2) + "\n"


def as_text(report: MachineReport) -> str:
    """Return the versions, a table in Markdown of each kind, and what is wrong."""
    facts = ", ".join(f"{name} {value}" for name, value in report.facts.items())
    end = "ok" if report.is_ok() else "FAIL"
    walls = [row for check, row in report.rows if check in tables.STOPPING]
    events = [row for check, row in report.rows if check not in tables.STOPPING]
    lines = [f"{report.suite}, {report.server}: {end}", facts]
    for title, table in (
        ("What stops a unit", tables.of_walls(walls)),
        ("Walls between the units", tables.between_units(walls)),
        ("What came of an event", tables.of_events(events)),
        ("Not shown by a container", tables.of_checks(report.ends())),
    ):
        lines += ["", f"{title}:", "", table] if table else []
    problems = report.problems()
    return "\n".join([*lines, *(["", *(f"FAIL {each}" for each in problems)] if problems else [])]) + "\n"
