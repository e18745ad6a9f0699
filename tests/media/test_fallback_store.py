"""Transparent pictures as the fallback, and how long a prepared file is kept. Real ffmpeg."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from restream_agent.fallback.store import KEPT, SPARE, keep, prepare, prune
from tests.media.fallback_sources import KEYFRAME, SMALL, make

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.mark.parametrize(("opacity", "brightness"), [(0, 0), (0.5, 92), (1, 183)])
def test_a_transparent_picture_lies_on_black(opacity: float, brightness: int, tmp_path: Path) -> None:
    """The colour under transparent pixels is not shown: it is what no image editor shows."""
    colour = f"color=0x00ff00@{opacity}:size=320x180:duration=0.1,format=rgba"
    picture = make(tmp_path / "p.png", "-f", "lavfi", "-i", colour, "-frames:v", "1")
    file = prepare((picture,), message="", profile=SMALL, keyframe=KEYFRAME, directory=tmp_path / "out")
    argv = (
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(file),
        "-frames:v",
        "1",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-",
    )
    luma = subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout
    middle = luma[len(luma) // 2 + SMALL.width // 2]
    assert abs(middle - brightness) < 8


def test_files_prepared_by_hand_outlast_edits(tmp_path: Path) -> None:
    """The edits of a week leave a file alone that waits for its broadcast; the oldest of many go."""
    by_hand = [tmp_path / f"{number:016}-h.flv" for number in range(KEPT + 1)]
    by_itself = [tmp_path / f"{number:016}-x.flv" for number in range(SPARE + 3)]
    for age, path in enumerate((*by_hand, *by_itself)):
        path.touch()
        os.utime(path, (age, age))
    for path in by_hand:
        keep(path)
    assert set(prune(tmp_path, set())) == {by_hand[0], *by_itself[:3]}
    assert len(list(tmp_path.iterdir())) == 2 * KEPT + SPARE
