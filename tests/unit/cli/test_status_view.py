"""What `status` prints."""

from typing import Any

import pytest

from restream_agent.cli.status_view import table


def status(**live: object) -> dict[str, Any]:
    picture = {"width": 1280, "height": 720, "frame_rate": 30.0, "bitrate": 3e6, "stalls": 0}
    return {
        "state": "live",
        "held": False,
        "since": 5.0,
        "hold_left": None,
        "ingest": "up",
        "config": "ok",
        "live": picture | live,
        "relays": {},
    }


def test_one_line_says_what_is_shown() -> None:
    """And nothing else while all is well."""
    assert table(status(keyframe_interval=2.0)) == (
        "LIVE for 5s - 1280x720, 30 fps, 3.0 Mb/s, keyframe every 2 s"
    )


@pytest.mark.parametrize(("interval", "is_told"), [(0, False), (4.0, False), (8.33, True)])
def test_rare_keyframes_are_told(interval: float, is_told: bool) -> None:
    """With what to do about it: platforms complain, and OBS's return waits for one."""
    assert ("set OBS's keyframe interval to 2 s" in table(status(keyframe_interval=interval))) == is_told
