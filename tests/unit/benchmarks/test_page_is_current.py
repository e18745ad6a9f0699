"""docs/performance.md and its plots are written from benchmarks/results.json, never by hand."""

from pathlib import Path

import pytest

from benchmarks import page, results

PROJECT = Path(__file__).resolve().parents[3]
RESULTS = PROJECT / "benchmarks" / "results.json"


class TestPerformancePage:
    def test_is_current(self) -> None:
        """`python -m benchmarks --page` would change nothing."""
        if not RESULTS.exists():
            pytest.skip("benchmarks/results.json is not there: `make bench` writes it")
        found = results.load(RESULTS)
        assert page.page(found) == (PROJECT / "docs" / "performance.md").read_text()
        for name, svg in page.plots(found).items():
            assert svg == (PROJECT / "docs" / "performance" / name).read_text()
