"""Memory and descriptors of the product's processes: sampling them, and telling growth from noise."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.broadcast import NAMES
from tests.lab import units
from tests.lab.container import Container
from tests.lab.units import Cost

UNITS = (
    "fallback.service",
    *(f"ffmpeg-relay@{name}.service" for name in NAMES),
    "live@main.service",
    "restream-agent.service",
    "restream-ingest.service",
)
QUARTER = 4
MARGIN_KIB = 1024
"""How much the median of the last quarter of samples may exceed that of the first quarter."""
MARGIN_PART = 0.02  # the same, as a part of the first quarter's median

Sample = Mapping[str, Cost]


@dataclass(frozen=True)
class Growth:
    """One process over a soak: medians of the first and of the last quarter; sizes in KiB."""

    rss_start: float
    rss_end: float
    pss_start: float | None
    pss_end: float | None
    descriptors_start: float
    descriptors_end: float
    samples: int

    def problems(self) -> list[str]:
        """Return what has grown, in words."""
        problems = []
        if self.rss_end > self.rss_start + max(MARGIN_KIB, MARGIN_PART * self.rss_start):
            problems.append(f"memory grew from {self.rss_start:.0f} to {self.rss_end:.0f} KiB")
        if self.descriptors_end > self.descriptors_start:
            problems.append(f"descriptors grew from {self.descriptors_start:g} to {self.descriptors_end:g}")
        return problems


def sample(container: Container) -> dict[str, Cost]:
    """Measure every process of the product, by a label of unit, process name, and number in the unit."""
    costs: dict[str, Cost] = {}
    for unit in UNITS:
        counts: dict[str, int] = {}
        for cost in filter(None, map(units.cost, units.pids(container, unit))):
            counts[cost.name] = counts.get(cost.name, 0) + 1
            number = f"-{counts[cost.name]}" if counts[cost.name] > 1 else ""
            costs[f"{unit.removesuffix('.service')}/{cost.name}{number}"] = cost
    return costs


def growths(samples: Sequence[Sample]) -> dict[str, Growth]:
    """Compare the first quarter of each process's samples with the last quarter. Pure.

    A process that some samples lack, because it was being restarted, is judged by the other samples.
    """
    labels = sorted({label for sample in samples for label in sample})
    return {label: _growth([sample[label] for sample in samples if label in sample]) for label in labels}


def _growth(series: Sequence[Cost]) -> Growth:
    quarter = max(1, len(series) // QUARTER)
    first, last = series[:quarter], series[-quarter:]
    return Growth(
        rss_start=statistics.median(cost.rss for cost in first),
        rss_end=statistics.median(cost.rss for cost in last),
        pss_start=_median_pss(first),
        pss_end=_median_pss(last),
        descriptors_start=statistics.median(cost.descriptors for cost in first),
        descriptors_end=statistics.median(cost.descriptors for cost in last),
        samples=len(series),
    )


def _median_pss(series: Sequence[Cost]) -> float | None:
    sizes = [cost.pss for cost in series if cost.pss is not None]
    return statistics.median(sizes) if sizes else None
