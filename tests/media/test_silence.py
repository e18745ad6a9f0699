"""The silent frames that the program makes are silence to ffmpeg, in each shape."""

import subprocess

import pytest

from restream_agent.stream.flv import AUDIO, HEADER, Tag, encode
from restream_agent.stream.silence import SilenceClock, silence_like

pytestmark = pytest.mark.media

RATES = {96000: 0, 48000: 3, 44100: 4, 22050: 7, 8000: 11}
LENGTH = 3000
READ = ("ffmpeg", "-v", "error", "-f", "flv", "-i", "-", "-f", "s16le", "-")


SHAPES = [*((48000, channels) for channels in range(1, 8)), *((rate, 2) for rate in RATES)]


@pytest.mark.parametrize(("rate", "channels"), SHAPES)
def test_ffmpeg_decodes_the_frames_to_silence(rate: int, channels: int) -> None:
    """Without a message, as many samples as there is time."""
    config = (2 << 11 | RATES[rate] << 7 | channels << 3).to_bytes(2, "big")
    header = Tag(AUDIO, 0, b"\xaf\x00" + config)
    silence = silence_like(header)
    assert silence is not None
    stamps = SilenceClock().stamps(silence.duration, 0, LENGTH)
    frames = [Tag(AUDIO, stamp, silence.body) for stamp in stamps]
    data = HEADER + b"".join(encode(tag) for tag in (header, *frames))
    decoded = subprocess.run(READ, input=data, check=True, capture_output=True, timeout=60)
    outputs = 8 if channels == 7 else channels
    assert (decoded.stderr, set(decoded.stdout)) == (b"", {0})
    assert len(decoded.stdout) == len(frames) * 1024 * outputs * 2
    assert abs(len(frames) * 1024 / rate - LENGTH / 1000) < 0.3
