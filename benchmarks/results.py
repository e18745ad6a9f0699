"""results.json: the figures of every section, kept from one run to the next."""

import json
from collections.abc import Mapping
from pathlib import Path

SECTIONS = ("handoffs", "latency", "hooks", "relays", "apply", "cli")
MACHINE = "machine"

Results = dict[str, object]


def load(path: Path) -> Results:
    """Read the results; without a file there are none yet."""
    if not path.exists():
        return {}
    found: Results = json.loads(path.read_text())
    return found


def with_section(results: Mapping[str, object], section: str, data: object) -> Results:
    """Return the results with a section replaced, in the order of the page."""
    found = {**results, section: data}
    return {name: found[name] for name in (MACHINE, *SECTIONS) if name in found}


def save(path: Path, results: Results) -> None:
    """Write the results whole, or leave the old ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(results, indent=1) + "\n")
    unfinished.rename(path)
