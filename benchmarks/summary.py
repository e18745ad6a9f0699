"""The statistics of every figure. Pure."""

import math
import statistics
from collections.abc import Sequence


def summary(values: Sequence[float], digits: int = 1) -> dict[str, float | int | None]:
    """Return count, median, p95 and max of some values, in their own unit; None for each without a value.

    p95 is the smallest value that at least 95 % of the values do not exceed (nearest rank).
    """
    if not values:
        return {"count": 0, "median": None, "p95": None, "max": None}
    return {
        "count": len(values),
        "median": round(statistics.median(values), digits),
        "p95": round(percentile(values, 95), digits),
        "max": round(max(values), digits),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by the nearest rank; ValueError without a value."""
    if not values:
        raise ValueError("no value has a percentile")
    return sorted(values)[max(1, math.ceil(len(values) * percent / 100)) - 1]
