"""What `status` shows of an apply on trial."""

from pathlib import Path

import pytest

from restream_agent.agent.edit_state import edit_state
from restream_agent.base import paths


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
