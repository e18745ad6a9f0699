"""docs/performance.md and its plots are written from benchmarks/results.json, never by hand."""

from pathlib import Path

from benchmarks import page, results

PROJECT = Path(__file__).resolve().parents[3]
RESULTS = PROJECT / "benchmarks" / "results.json"
PAGE = PROJECT / "docs" / "performance.md"


class TestPerformancePage:
    def test_is_current(self) -> None:
        """`python -m benchmarks --page` would change nothing; before the first run there is no page."""
        found = results.load(RESULTS) if RESULTS.exists() else None
        assert PAGE.exists() == (found is not None)
        if found is None:
            return
        assert page.page(found) == PAGE.read_text()
        for name, svg in page.plots(found).items():
            assert svg == (PROJECT / "docs" / "performance" / name).read_text()
