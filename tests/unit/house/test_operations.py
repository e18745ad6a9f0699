"""docs/operations.md has a line for everything that `make chaos` does."""

import re
from pathlib import Path

import pytest

from tests.chaos.catalogue import FAULTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
NAMED = [name for row in ROWS for name in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])]


@pytest.mark.parametrize("name", [fault.name for fault in FAULTS])
def test_every_fault_has_one_line(name: str) -> None:
    """What happens, what you see, what happens by itself, what you do."""
    assert NAMED.count(name) == 1


def test_the_readme_counts_them_right() -> None:
    """The number of faults stands in README.md and docs/design.md."""
    for file in ("README.md", "docs/design.md", "CHANGELOG.md"):
        assert f"{len(FAULTS)} faults" in (PAGE.parents[1] / file).read_text()
