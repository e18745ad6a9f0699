"""Sound and picture stay together when one of them pauses, in the ffmpeg of a relay."""

import subprocess
from dataclasses import replace

import pytest

from restream_agent.stream.flv import AUDIO, HEADER, VIDEO, Reader, Tag, encode
from tests.media.relay_argv import clip_argv, relay_argv

pytestmark = pytest.mark.media

PAUSE = 12  # seconds: ffmpeg's own limit for one clock of sound and picture is 10 s
CLIP = clip_argv("-bf", "0", rate=25, seconds=1)
RELAY = relay_argv()


def copied(stream: list[Tag]) -> list[Tag]:
    """Copy a stream with the options of a relay that stand before its input."""
    copying = (*RELAY[: RELAY.index("-i")], "-i", "pipe:0", "-map", "0", "-c", "copy", "-f", "flv", "pipe:1")
    data = HEADER + b"".join(encode(tag) for tag in stream)
    return Reader().feed(
        subprocess.run(copying, input=data, check=True, capture_output=True, timeout=60).stdout
    )


def paused(kinds: set[int]) -> list[Tag]:
    """Return a stream in which tracks pause for PAUSE, with 3 s of both before and after it."""
    clip = Reader().feed(subprocess.run(CLIP, check=True, capture_output=True).stdout)
    stream = [tag for tag in clip if tag.is_sequence_header]
    for second in range(3 + PAUSE + 3):
        playing = {AUDIO, VIDEO} - (kinds if 3 <= second < 3 + PAUSE else set())
        stream += [
            replace(tag, timestamp=tag.timestamp + 1000 * second)
            for tag in clip
            if tag.is_media and tag.kind in playing
        ]
    return stream


def ends(tags: list[Tag]) -> dict[int, int]:
    """Return the last timestamp of each track."""
    return {tag.kind: tag.timestamp for tag in tags if tag.is_media}


@pytest.mark.parametrize("kinds", [{AUDIO}, {VIDEO}, {AUDIO, VIDEO}], ids=["sound", "picture", "both"])
def test_a_pause_moves_no_track(kinds: set[int]) -> None:
    """After a pause that is longer than ffmpeg's own limit, sound and picture end where they would have."""
    stream = paused(kinds)
    assert ends(stream) == ends(copied(stream))
