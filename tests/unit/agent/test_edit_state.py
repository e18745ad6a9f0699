"""What `status` shows of an apply on trial."""

import time
from pathlib import Path

import pytest

from restream_agent.agent.edit_state import commit_status, edit_state
from restream_agent.base import paths
from restream_agent.wire import records
from restream_agent.wire.commit_record import CommitRecord


def test_the_files_of_root_say_what_became_of_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent needs to see that they exist, not to read them."""
    waits, taken = tmp_path / "unconfirmed.json", tmp_path / "taken-back"
    monkeypatch.setattr(paths, "UNCONFIRMED", str(waits))
    monkeypatch.setattr(paths, "TAKEN_BACK", str(taken))
    assert edit_state() == ""
    taken.touch()
    assert edit_state() == ""  # a copy of the TOML was taken back
    taken.write_text("hash")
    assert edit_state() == "taken back"
    waits.touch()
    assert edit_state() == "unconfirmed"


def test_the_last_commit_is_what_root_has_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None without a note, and none that can be read."""
    note = tmp_path / "commit.json"
    monkeypatch.setattr(paths, "COMMIT", str(note))
    assert commit_status() is None
    note.write_text("{")
    assert commit_status() is None
    record = CommitRecord("c1", "refused", "restream.toml:1:1: bad", "c0", time.time() - 60)
    note.write_text(records.to_file(record))
    found = commit_status()
    assert found is not None
    assert (found.commit, found.result, found.words, found.applied) == (
        "c1",
        "refused",
        "restream.toml:1:1: bad",
        "c0",
    )
    assert found.ago >= 60
