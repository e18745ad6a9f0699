"""The fallback matches every format that OBS sends: no decoder at a platform notices a hand-off."""

from pathlib import Path

import pytest

from tests.lab.measure import traffic
from tests.lab.obs import Encoder
from tests.lab.received import received
from tests.media.broadcast import MediaBroadcast

pytestmark = pytest.mark.media
HAND_OFFS = 10

FORMATS = {
    "1280x720p30-high-48000x2": Encoder(),
    "1280x720p30-main-48000x2": Encoder(profile="main", b_frames=2),
    "1280x720p30-baseline-48000x2": Encoder(profile="baseline"),
    "640x360p25-high-44100x1": Encoder(640, 360, 25, bitrate=800_000, sample_rate=44100, channels=1),
    "1920x1080p60-high-48000x2": Encoder(1920, 1080, 60, bitrate=4_500_000),
}


@pytest.mark.parametrize("label", FORMATS)
def test_ten_hand_offs_decode_without_one_message(
    broadcast: MediaBroadcast, label: str, tmp_path: Path
) -> None:
    """Every platform's recording of ten hand-offs decodes cleanly, on one connection, live and fallback."""
    encoder = FORMATS[label]
    before = sum(len(platform.reader.published()) for platform in broadcast.platforms)
    obs = broadcast.publish(encoder)
    broadcast.wait_matching(label)
    for _ in range(HAND_OFFS // 2):
        broadcast.drop(obs)
        obs = broadcast.publish(encoder)
    # The last source stays long enough for its sound to be compared with its picture.
    broadcast.watcher.watch(4)
    obs.stop()
    broadcast.end()
    new = [platform.reader.published()[-1] for platform in broadcast.platforms]
    published = sum(len(platform.reader.published()) for platform in broadcast.platforms)
    assert published - before == len(broadcast.platforms)
    for platform, connection in zip(broadcast.platforms, new, strict=True):
        result = received(connection, tmp_path / platform.name)
        assert result.errors == ()
        assert traffic([connection]).non_monotonic == 0
        sources = [cut.source for cut in result.cuts()]
        assert sources.count("fallback") >= HAND_OFFS // 2
        assert max(abs(offset) for _, offset in result.av_offsets) <= 60
