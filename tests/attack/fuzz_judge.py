"""What random hostile publishers cost, and whether that is within the bounds. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.chaos.judge import Seen

LIVE_WITHIN = 5.0
"""Seconds from the publish of an honest OBS to its picture at every platform."""


@dataclass
class FuzzResult:
    """The figures so far. `live_after` has the seconds of each honest OBS, None for one that was not live."""

    seen: dict[str, Seen] = field(default_factory=dict)
    live_after: list[float | None] = field(default_factory=list)
    published: dict[str, int] = field(default_factory=dict)
    restarts: Mapping[str, int] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()

    def add(self, name: str, seen: Seen) -> None:
        """Add what a platform noticed in the last stretch."""
        self.seen[name] = self.seen.get(name, Seen()).then(seen)

    def count(self, published: Mapping[str, int]) -> None:
        """Add the counts of one stretch of hostile publishing."""
        for what, number in published.items():
            self.published[what] = self.published.get(what, 0) + number

    def problems(self) -> list[str]:
        """Return in words what is wrong."""
        problems = [f"journal: {line}" for line in self.complaints]
        for name, seen in self.seen.items():
            problems += seen.problems(name)
        for after in self.live_after:
            if after is None or after > LIVE_WITHIN:
                words = "not live at all" if after is None else f"live after {after:.1f} s"
                problems.append(f"an honest OBS was {words}")
        problems += [f"{unit} restarted {count} times" for unit, count in self.restarts.items() if count]
        if not self.published.get("tags"):
            problems.append("no hostile tag was accepted, so nothing was tried")
        return problems
