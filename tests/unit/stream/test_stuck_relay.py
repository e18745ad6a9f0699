"""A relay that takes nothing is told from one that waits for a keyframe."""

from restream_agent.stream.fanout import RelayQueue
from restream_agent.stream.flv import encode
from tests.unit.stream.flv_making import stream


def test_a_relay_that_takes_nothing_does_not_lack_a_keyframe() -> None:
    """Its queue is empty again and again, because it is skipped: it is stuck, and the agent may kill it."""
    queue = RelayQueue()
    told = set()
    for tag in stream(1, 0, 30_000, group=8000):
        queue.offer(tag, encode(tag))
        if tag.is_media:
            told.add(queue.lacks_keyframe)
    assert (told, queue.skipped > 0) == ({False}, True)
