"""Which edits of the TOML have yet to be applied."""

import os
from pathlib import Path

import pytest

from restream_agent.agent.edit_tracker import EditTracker


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a TOML that was changed at second 100, and applied at 200."""
    for name, seconds in (("toml", 100), ("manifest", 200)):
        change(tmp_path / name, seconds)
    return tmp_path / "toml"


def change(file: Path, seconds: float) -> None:
    file.touch()
    os.utime(file, (seconds, seconds))


def edits(source: Path) -> EditTracker:
    return EditTracker(source, source.parent / "manifest", source.parent / "tried")


def hand_over(one: EditTracker) -> None:
    state = one.pending()
    assert state is not None
    one.note(state)


def test_what_was_applied_is_not_pending(source: Path) -> None:
    """Whoever has applied it."""
    assert edits(source).pending() is None


def test_an_edit_that_nobody_saw_is_pending(source: Path) -> None:
    """It was made after the last apply."""
    change(source, 300)
    assert edits(source).pending() is not None


def test_an_edit_is_handed_over_once(source: Path) -> None:
    """Also if `apply` has refused it, and by an agent that was started again: the manifest stays old."""
    change(source, 300)
    first = edits(source)
    hand_over(first)
    assert (first.pending(), edits(source).pending()) == (None, None)


def test_an_edit_during_an_apply_is_not_lost(source: Path) -> None:
    """The apply that had read the TOML before writes its manifest after the edit."""
    change(source, 300)
    one = edits(source)
    hand_over(one)
    change(source, 301)
    change(source.parent / "manifest", 302)
    hand_over(one)
    assert one.pending() is None


def test_an_older_file_put_back_is_an_edit(source: Path) -> None:
    """As a checkout with times, or `cp -p`, does it."""
    one = edits(source)
    assert one.pending() is None
    change(source, 50)
    assert one.pending() is not None


def test_no_file_is_no_edit(source: Path) -> None:
    """It may be about to be moved into place."""
    source.unlink()
    assert edits(source).pending() is None


def test_what_cannot_be_kept_is_known_until_a_restart(source: Path) -> None:
    """A full /run."""
    change(source, 300)
    one = EditTracker(source, source.parent / "manifest", source.parent / "nowhere" / "tried")
    hand_over(one)
    assert one.pending() is None


def test_during_the_first_apply_nothing_is_pending(source: Path) -> None:
    """It has started the agent, and leaves its manifest last."""
    (source.parent / "manifest").unlink()
    assert edits(source).pending() is None
