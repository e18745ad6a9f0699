"""The files of the TOML on the disk."""

import os
from pathlib import Path

import pytest

from restream_agent.base import toml_files


def test_the_files_are_in_the_order_in_which_they_are_read(tmp_path: Path) -> None:
    """The TOML first, then platforms.d by name; hidden files and others are none."""
    (tmp_path / "platforms.d").mkdir()
    for name in ("b.toml", "a.toml", ".a.toml.swp", ".x.toml", "a.toml~", "readme"):
        (tmp_path / "platforms.d" / name).touch()
    found = toml_files.toml_files(tmp_path / "restream.toml")
    names = [str(file.relative_to(tmp_path)) for file in found]
    assert names == ["restream.toml", "platforms.d/a.toml", "platforms.d/b.toml"]


def test_no_toml_is_no_state(tmp_path: Path) -> None:
    """Nor is a link that leads nowhere, as in the middle of a swap."""
    source = tmp_path / "restream.toml"
    assert toml_files.look(source) is None
    source.symlink_to("nowhere")
    assert toml_files.look(source) is None


def test_a_link_has_the_content_that_it_leads_to(tmp_path: Path) -> None:
    """Another target with the same content has the same digest."""
    source, digests = tmp_path / "restream.toml", []
    for target in ("one", "two"):
        (tmp_path / target).write_text("same")
        source.unlink(missing_ok=True)
        source.symlink_to(target)
        looked = toml_files.look(source)
        assert looked is not None
        digests.append(looked["restream.toml"][0])
    assert digests[0] == digests[1]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A FIFO in place of the TOML has no content to be read."""
    source = tmp_path / "restream.toml"
    os.mkfifo(source)
    looked = toml_files.look(source)
    assert looked is not None
    assert looked["restream.toml"] == ("", source.stat().st_mtime_ns)


def test_a_directory_that_is_going_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was there when glob began: Python then raises the error of scandir."""

    def gone(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "glob", gone)
    source = tmp_path / "restream.toml"
    assert toml_files.toml_files(source) == (source,)
