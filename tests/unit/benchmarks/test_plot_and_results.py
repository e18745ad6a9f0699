"""The plots, the results file and the page's tables."""

from pathlib import Path
from xml.etree import ElementTree

from benchmarks import page, plot, results


class TestBars:
    def test_a_bar_has_its_name_value_and_unit(self) -> None:
        """And what never came says so."""
        svg = plot.bars("Gap", {"drop": {"us & them": 12.34, "others": None}}, "ms", is_logarithmic=True)
        texts = [element.text for element in ElementTree.fromstring(svg).iter() if element.text]
        assert {"Gap", "drop", "us & them", "others", "12.3 ms", "none"} <= set(texts)

    def test_the_longest_bar_fills_the_width(self) -> None:
        """Half as much is half as long."""
        svg = plot.bars("Gap", {"drop": {"a": 10.0, "b": 5.0}}, "ms")
        room = plot.WIDTH - plot.LEFT - plot.RIGHT
        assert f'width="{room:.1f}"' in svg
        assert f'width="{room / 2:.1f}"' in svg


class TestResults:
    def test_a_section_survives_the_run_of_another(self, tmp_path: Path) -> None:
        """`--only` replaces one key."""
        file = tmp_path / "results.json"
        results.save(file, results.with_section({}, "cli", {"a": 1}))
        results.save(file, results.with_section(results.load(file), "handoffs", {"b": 2}))
        assert results.load(file) == {"handoffs": {"b": 2}, "cli": {"a": 1}}
        assert list(results.load(file)) == ["handoffs", "cli"]

    def test_without_a_file_there_are_none(self, tmp_path: Path) -> None:
        """The first run begins with nothing."""
        assert results.load(tmp_path / "results.json") == {}


class TestTable:
    def test_what_has_no_figure_is_a_dash(self) -> None:
        """A zero would be a claim."""
        assert page.table(("a", "b"), [("x", None), ("y", 0)]).splitlines()[2:] == ["| x | - |", "| y | 0 |"]
