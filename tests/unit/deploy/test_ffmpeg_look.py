"""ffmpeg is asked once; check reads what apply has kept, as long as the same ffmpeg is there."""

import json
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.deploy import ffmpeg_look

SCRIPT = """#!/bin/sh
echo "$2" >> "$0.asked"
case $2 in
-version) echo "ffmpeg version {version} Copyright";;
-protocols) echo "  rtmp";;
*) echo " V....D libx264 x";;
esac
"""


@pytest.fixture
def ffmpeg(tmp_path: Path) -> Path:
    """Stand in for ffmpeg; it notes what it is asked."""
    place = tmp_path / "ffmpeg"
    install(place, "7.1")
    return place


def install(place: Path, version: str) -> None:
    place.write_text(SCRIPT.format(version=version))
    place.chmod(0o755)


def asked(ffmpeg: Path) -> int:
    notes = Path(f"{ffmpeg}.asked")
    return len(notes.read_text().splitlines()) if notes.exists() else 0


def test_an_ffmpeg_is_asked_for_its_version_and_its_lists(ffmpeg: Path) -> None:
    """Several at once, as each answer takes a while."""
    found = ffmpeg_look.ask(str(ffmpeg))
    assert (found.version, asked(ffmpeg)) == ("7.1", 6)
    assert found.lists["protocols"] == {"rtmp"}
    assert found.lists["encoders"] == {"libx264"}


def test_a_missing_ffmpeg_says_nothing(tmp_path: Path) -> None:
    """It is reported elsewhere."""
    found = ffmpeg_look.ask(str(tmp_path / "none"))
    assert (found.version, set(found.lists.values())) == ("", {frozenset()})


def test_what_was_kept_is_not_asked_again_until_another_ffmpeg_is_there(ffmpeg: Path, tmp_path: Path) -> None:
    """apply keeps; check reads and writes nothing."""
    kept = tmp_path / paths.FFMPEG.lstrip("/")
    before = ffmpeg_look.known(str(ffmpeg), tmp_path)
    assert not kept.exists()
    ffmpeg_look.keep(str(ffmpeg), tmp_path)
    count = asked(ffmpeg)
    assert ffmpeg_look.known(str(ffmpeg), tmp_path) == before
    ffmpeg_look.keep(str(ffmpeg), tmp_path)
    assert asked(ffmpeg) == count
    install(ffmpeg, "8.0.1")
    assert ffmpeg_look.known(str(ffmpeg), tmp_path).version == "8.0.1"


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"stamp": None})])
def test_what_was_kept_and_is_damaged_does_not_count(ffmpeg: Path, tmp_path: Path, text: str) -> None:
    """ffmpeg is asked then."""
    kept = tmp_path / paths.FFMPEG.lstrip("/")
    kept.parent.mkdir(parents=True)
    kept.write_text(text)
    assert ffmpeg_look.known(str(ffmpeg), tmp_path).version == "7.1"
