"""What may stand in the place of a prepared file: the program never waits for it."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from restream_agent.program.prepared_file import PreparedFile, open_first_playable
from tests.unit.program.program_running import flv
from tests.unit.stream.flv_making import stream

GOOD = flv(stream(0, 0, 1000, group=1000))


@pytest.mark.parametrize("kind", ["pipe", "directory", "device", "loop", "text", "nothing"])
def test_the_next_file_is_played_instead(tmp_path: Path, kind: str) -> None:
    """A pipe without a writer is not waited for, and a device is not read without end."""
    first, second = tmp_path / "current.flv", tmp_path / "slate.flv"
    second.write_bytes(GOOD)
    if kind == "pipe":
        os.mkfifo(first)
    elif kind == "directory":
        first.mkdir()
    elif kind == "device":
        first.symlink_to("/dev/zero")
    elif kind == "loop":
        first.symlink_to(first)
    elif kind == "text":
        first.write_text("no video")
    with closing(open_first_playable((str(first), str(second)))) as prepared:
        assert any(tag.is_keyframe for tag in prepared)


def test_a_link_to_a_prepared_file_is_followed(tmp_path: Path) -> None:
    """current.flv is one."""
    (tmp_path / "a.flv").write_bytes(GOOD)
    (tmp_path / "current.flv").symlink_to("a.flv")
    with closing(open_first_playable((str(tmp_path / "current.flv"),))) as prepared:
        assert any(tag.is_keyframe for tag in prepared)


def test_what_is_before_a_damage_is_played(tmp_path: Path) -> None:
    """The beginning is read by itself, so a hand-off does not wait for the rest to be parsed."""
    whole = flv(stream(0, 0, 20_000, group=1000))
    assert 20_000 < len(whole) < 64 * 1024
    (tmp_path / "a.flv").write_bytes(whole[:-4] + b"\xff\xff\xff\xff")
    with closing(PreparedFile(tmp_path / "a.flv")) as prepared:
        assert any(tag.is_keyframe for tag in prepared)
