"""When the tools of a benchmark are killed and restarted."""

import itertools

from benchmarks.media.broadcast import APART_SECONDS, CYCLE_SECONDS, KILLED_SECONDS, RESTARTED_SECONDS

TOOLS = 9


def test_the_start_of_one_tool_takes_no_processor_from_the_gap_of_another() -> None:
    """A start takes a core for a second; with equal distances two of them fell together (6 s and 53/9 s)."""
    restart = CYCLE_SECONDS - RESTARTED_SECONDS
    moments = [
        (tool, (at + APART_SECONDS * tool) % CYCLE_SECONDS)
        for tool in range(TOOLS)
        for at in (restart - KILLED_SECONDS, restart)
    ]
    distances = [
        min(abs(one - other), CYCLE_SECONDS - abs(one - other))
        for (tool, one), (another, other) in itertools.combinations(moments, 2)
        if tool != another
    ]
    assert min(distances) >= 2.0
