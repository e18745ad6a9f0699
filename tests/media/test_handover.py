"""Ten restarts of the program on air, as upgrades make them: platforms get every picture of OBS alone."""

import os
import time

import pytest

from tests.lab.flv import is_video_header
from tests.lab.measure import non_monotonic
from tests.lab.program_restarts import lost_pictures
from tests.media.broadcast import MediaBroadcast

pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(os.geteuid() != 0, reason="a container needs root"),
]
TIMES = 10


def test_ten_restarts_lose_no_picture_and_show_no_fallback(broadcast: MediaBroadcast) -> None:
    """Each platform has one connection; timestamps increase by the time of a picture, whatever the pause."""
    obs = broadcast.publish()
    begun = time.monotonic()
    for _ in range(TIMES):
        before = time.monotonic()
        broadcast.container.run(("systemctl", "restart", "fallback.service"))
        broadcast.watcher.wait_for("live", since=before, timeout=15)
    since = time.monotonic()
    broadcast.watcher.wait_for("live", since=since, timeout=15)
    for platform in broadcast.platforms:
        (connection,) = [one for one in platform.reader.update() if one.has_media()]
        got = [message for message in connection.messages if message.arrived >= begun]
        assert (lost_pictures(got), non_monotonic(got)) == (0, 0)
        assert not any(map(is_video_header, got))
    said = broadcast.container.journal()
    assert said.count("live: goes on in a new process") == TIMES
    broadcast.drop(obs)
    broadcast.end()
