"""The store of prepared files: what another user has left there becomes ours."""

import os
from pathlib import Path

import pytest

from restream_agent.fallback import store


def test_a_file_of_another_user_is_replaced_by_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other user may still have it open for writing; its age and content stay."""
    prepared, profile = tmp_path / "0123456789abcdef-label.flv", tmp_path / "live-profile.json"
    for path in (prepared, profile):
        path.write_text(path.name)
        os.utime(path, (1000, 1000))
    (tmp_path / "current.flv").symlink_to(prepared.name)
    before = prepared.stat().st_ino, profile.stat().st_ino
    store.adopt(tmp_path)
    assert (prepared.stat().st_ino, profile.stat().st_ino) == before
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    store.adopt(tmp_path)
    assert prepared.stat().st_ino != before[0]
    assert profile.stat().st_ino != before[1]
    assert (prepared.read_text(), prepared.stat().st_mtime) == (prepared.name, 1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ("current.flv", prepared.name, profile.name)
    )


def test_what_a_killed_call_left_behind_is_removed(tmp_path: Path) -> None:
    """Working directories, and copies that were not finished."""
    (tmp_path / ".prepare-x").mkdir()
    (tmp_path / ".prepare-y.flv").touch()
    (tmp_path / ".prepare-z").symlink_to("/etc")
    store.adopt(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert Path("/etc").is_dir()
