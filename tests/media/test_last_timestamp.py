"""What reaches a platform when the timestamps of a connection come to the end of FLV's range."""

import subprocess
from dataclasses import replace
from itertools import pairwise

import pytest

from restream_agent.agent.renewal import LAST_TIMESTAMP
from restream_agent.stream.flv import HEADER, VIDEO, Reader, Tag, encode
from tests.media.test_output_offset import clip, piped_relay

pytestmark = pytest.mark.media

LAST = int(LAST_TIMESTAMP * 1000)
LEAPS = 4  # of less than 11 days each, which ffmpeg takes for a pause


def put_out(stream: list[Tag]) -> list[int]:
    """Return the timestamps of the pictures that a relay's ffmpeg makes of a stream."""
    data = HEADER + b"".join(encode(tag) for tag in stream)
    argv = piped_relay(threshold="1000000")
    done = subprocess.run(argv, input=data, check=True, capture_output=True, timeout=60)
    return [tag.timestamp for tag in Reader().feed(done.stdout) if tag.kind == VIDEO and tag.is_media]


def aged(lead: int) -> list[Tag]:
    """Return 45 s of stream that leap four times in their first seconds, and end `lead` ms after LAST."""
    step = (LAST + lead - 45_000) // LEAPS
    return [
        replace(tag, timestamp=tag.timestamp + step * min(LEAPS, tag.timestamp // 1000))
        for tag in clip()
        if tag.is_sequence_header or tag.is_media
    ]


@pytest.mark.parametrize(("lead", "is_increasing"), [(-1000, True), (5000, False)])
def test_timestamps_begin_again_at_zero_after_2_31_ms(lead: int, *, is_increasing: bool) -> None:
    """Hence relays are renewed before (agent/renewal.py); fails once ffmpeg writes all 32 bits."""
    stamps = put_out(aged(lead))
    assert all(later > earlier for earlier, later in pairwise(stamps)) is is_increasing
    if not is_increasing:
        assert max(stamps) < LAST
        assert stamps[-1] < lead
