"""The statistics of the benchmarks."""

import pytest

from benchmarks.summary import percentile, summary


class TestSummary:
    def test_gives_count_median_p95_and_max(self) -> None:
        """p95 is a value that occurred."""
        values = [float(number) for number in range(1, 101)]
        assert summary(values) == {"count": 100, "median": 50.5, "p95": 95.0, "max": 100.0}

    def test_of_nothing_is_nothing(self) -> None:
        """No value gives no figure, and not zero."""
        assert summary([]) == {"count": 0, "median": None, "p95": None, "max": None}

    def test_the_p95_of_few_values_is_the_largest(self) -> None:
        """With three values the nearest rank is the third."""
        assert percentile([3.0, 1.0, 2.0], 95) == 3.0

    def test_nothing_has_no_percentile(self) -> None:
        """There is no rank to take."""
        with pytest.raises(ValueError, match="no value"):
            percentile([], 95)
