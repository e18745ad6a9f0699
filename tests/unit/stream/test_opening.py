"""A broadcast opens with the publisher's first keyframe, however long that has waited for the program."""

import pytest

from restream_agent.program.crash_state import BEGINS_AT
from restream_agent.stream.timeline import LIVE_LEAD_LIMIT
from tests.unit.stream.flv_making import origin, stream
from tests.unit.stream.splice_bench import SpliceBench

STARTS = 40  # ms in which a program is ready for its publisher


@pytest.mark.parametrize("waited", [0, 160, 480, 520, 800, 1200, 1800])
def test_the_first_keyframe_opens(waited: int) -> None:
    """The server had the publish until the agent answered: what was sent by then arrives at once."""
    bench = SpliceBench(now=BEGINS_AT)
    bench.pass_time(STARTS)
    bench.connect()
    begun = bench.now
    for tag in stream(1, 0, waited + 1000)[2:]:
        if (due := begun + max(0, tag.timestamp - waited)) > bench.now:
            bench.pass_time(due - bench.now)
        bench.take(bench.splice.live_tag(tag, bench.now))
    at, first = next((at, tag) for at, tag in bench.media() if origin(tag)[0] == 1)
    assert origin(first)[1] == 0
    assert at - begun <= 200
    assert max(tag.timestamp - at for at, tag in bench.media()) <= LIVE_LEAD_LIMIT
