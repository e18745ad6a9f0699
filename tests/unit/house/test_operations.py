"""docs/operations.md has a line for each fault that `make chaos` plays."""

import re
from pathlib import Path

import pytest

from tests.chaos.catalogue import FAULTS
from tests.publishers.catalogue import CASES

PAGE = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
NAMED = [name for row in ROWS for name in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])]


@pytest.mark.parametrize("name", [fault.name for fault in FAULTS])
def test_every_fault_has_one_line(name: str) -> None:
    """The line says what happens, what you see, what happens by itself, and what you do."""
    assert NAMED.count(name) == 1


def test_the_readme_counts_them_right() -> None:
    """README.md, docs/design.md and CHANGELOG.md have the right number of faults."""
    for file in ("README.md", "docs/design.md", "CHANGELOG.md"):
        assert f"{len(FAULTS)} faults" in (PAGE.parents[1] / file).read_text()


def test_the_pages_count_the_cases_right() -> None:
    """The same for the cases of `make publishers`."""
    assert f"what {len(CASES)} kinds" in (PAGE.parents[1] / "README.md").read_text()
    for file in ("docs/design.md", "CHANGELOG.md"):
        assert f"{len(CASES)} cases" in (PAGE.parents[1] / file).read_text()
