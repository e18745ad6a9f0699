"""The measures of OBS's last stream, kept for check: read back, or nothing."""

import os
from pathlib import Path

import pytest

from restream_agent.base.channel_paths import MAIN_PATHS, paths_of
from restream_agent.base.files import locate
from restream_agent.fallback import last_live
from restream_agent.wire.last_live import LastLive

LAST = LastLive(width=1280, height=720, frame_rate=29.97, bitrate=3_160_000, keyframe=2.0)


@pytest.mark.parametrize("channel", ["main", "es"])
def test_what_is_kept_is_read(tmp_path: Path, channel: str) -> None:
    """Each channel has a file of its own."""
    assert last_live.read(tmp_path, paths_of(channel)) is None
    last_live.keep(LAST, tmp_path, paths_of(channel))
    assert last_live.read(tmp_path, paths_of(channel)) == LAST
    assert last_live.read(tmp_path, paths_of("other")) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"width": "x"}', "\0", "x" * 5000])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    """It is only for hints."""
    place = locate(tmp_path, MAIN_PATHS.last_live)
    place.parent.mkdir(parents=True)
    place.write_text(text)
    assert last_live.read(tmp_path, MAIN_PATHS) is None


def test_root_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    """The directory belongs to the preparation's user."""
    place = locate(tmp_path, MAIN_PATHS.last_live)
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    assert last_live.read(tmp_path, MAIN_PATHS) is None
