"""A relay that encodes begins at whatever point of the program it joins, also if its encoder looks ahead."""

import subprocess

import pytest

from restream_agent.stream.flv import AUDIO, HEADER, VIDEO, Reader, Tag, encode
from tests.media.relay_argv import clip_argv, relay_argv

pytestmark = pytest.mark.media

RELAY = relay_argv('video = { height = 128, bitrate = "300k" }\n')


def to_a_pipe(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return a relay's command with its output on standard output, and without what is for a platform."""
    options = argv[argv.index("-map") : argv.index("-flvflags")]
    return (*argv[: argv.index("-map")], *options, "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1")


def joined(clip: bytes) -> bytes:
    """Return a clip as a relay joins it: with a keyframe, and the sound behind it."""
    tags = Reader().feed(clip)
    sound = [tag for tag in tags if tag.kind == AUDIO and tag.is_media]
    return HEADER + b"".join(encode(tag) for tag in tags if tag not in sound[:2])


@pytest.mark.parametrize("rate", [10, 15, 25, 60])
def test_the_first_picture_is_sent_before_the_sound_that_follows_it(rate: int) -> None:
    """FLV takes no packet that is older than its first: with sound in front of the picture ffmpeg ended."""
    clip = subprocess.run(
        clip_argv("-g", str(rate), "-bf", "0", rate=rate, seconds=4), check=True, capture_output=True
    ).stdout
    command = to_a_pipe(RELAY)
    done = subprocess.run(command, check=False, input=joined(clip), capture_output=True, timeout=60)
    assert "proper order" not in done.stderr.decode()
    assert done.returncode == 0
    media: list[Tag] = [tag for tag in Reader().feed(done.stdout) if tag.is_media]
    first = {kind: next(tag.timestamp for tag in media if tag.kind == kind) for kind in (AUDIO, VIDEO)}
    assert first[VIDEO] <= first[AUDIO] + 100
    assert len([tag for tag in media if tag.kind == VIDEO]) == 4 * rate
