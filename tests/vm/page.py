"""`python -m tests.vm.page [REPORT]`: writes what a report says into docs/security.md, between two marks.

REPORT is a report.json of `make vm`, by default vm-report/report.json; its first machine is told. Exit status
1 if one of the checks that the table is made of was not played to its end.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.demo.install import PROJECT
from tests.system.wall_table import PAGE
from tests.vm import tables
from tests.vm.check import CheckRow

BEGIN = "<!-- from a report of make vm: python -m tests.vm.page -->\n"
END = "<!-- end of the report -->\n"


def main() -> int:
    """Write the page."""
    path = Path(sys.argv[1]) if sys.argv[1:] else PROJECT / "vm-report" / "report.json"
    machine = json.loads(path.read_text())["machines"][0]
    if missing := [name for name in tables.STOPPING if name not in machine["ends"]]:
        print(f"{path}: not played to its end: {', '.join(missing)}", file=sys.stderr)
        return 1
    PAGE.write_text(replaced(PAGE.read_text(), section(machine)))
    return 0


def section(machine: Mapping[str, Any]) -> str:
    """Return the sentence and the tables of a machine of report.json."""
    rows = [(row.pop("check"), CheckRow(**row)) for row in map(dict, machine["rows"])]
    facts, suite, server = machine["facts"], machine["suite"], machine["server"]
    played = (
        f"Played on {facts['date']}: Debian's {suite}, kernel {facts['kernel']}, systemd {facts['systemd']}, "
        f"{server}. `make vm DIST={suite} SERVER={server}` plays it again."
    )
    walls = tables.of_walls(row for check, row in rows if check in tables.STOPPING)
    shown = "A container of the tests shares the machine's kernel. What it cannot show is shown here:"
    return "\n\n".join((played, walls, shown, tables.of_checks(machine["ends"]))) + "\n"


def replaced(text: str, section: str) -> str:
    """Return a page with another section between the marks; ValueError without them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}\n{section}\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
