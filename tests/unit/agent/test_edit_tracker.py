"""Which edits of the TOML are still to be applied."""

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


def hand_over(tracker: EditTracker) -> None:
    state = tracker.pending()
    assert state is not None
    tracker.note(state)


def test_what_was_applied_is_not_pending(source: Path) -> None:
    """Whether the agent or a user has applied it."""
    assert edits(source).pending() is None


def test_an_edit_that_the_watcher_missed_is_pending(source: Path) -> None:
    """It was made after the last apply."""
    change(source, 300)
    assert edits(source).pending() is not None


def test_an_apply_that_a_power_cut_interrupted_is_done_again_once(source: Path) -> None:
    """Though the manifest is newer than the TOML. A restarted agent does not repeat it."""
    first, second = (
        EditTracker(source, source.parent / "manifest", source.parent / "tried", is_interrupted=True)
        for _ in range(2)
    )
    hand_over(first)
    assert (first.pending(), second.pending()) == (None, None)


def test_an_edit_is_handed_over_once(source: Path) -> None:
    """Also after `apply` has refused it, which leaves the old manifest, and by a restarted agent."""
    change(source, 300)
    first = edits(source)
    hand_over(first)
    assert (first.pending(), edits(source).pending()) == (None, None)


def test_an_edit_during_an_apply_is_not_lost(source: Path) -> None:
    """An apply that has read the TOML before the edit writes its manifest after the edit."""
    change(source, 300)
    tracker = edits(source)
    hand_over(tracker)
    change(source, 301)
    change(source.parent / "manifest", 302)
    hand_over(tracker)
    assert tracker.pending() is None


def test_an_older_file_put_back_is_an_edit(source: Path) -> None:
    """For example by `cp -p`."""
    tracker = edits(source)
    assert tracker.pending() is None
    change(source, 50)
    assert tracker.pending() is not None


def test_no_file_is_no_edit(source: Path) -> None:
    """An editor may be about to move it into place."""
    source.unlink()
    assert edits(source).pending() is None


def test_a_state_that_cannot_be_written_is_known_until_a_restart(source: Path) -> None:
    """For example with a full /run."""
    change(source, 300)
    tracker = EditTracker(source, source.parent / "manifest", source.parent / "nowhere" / "tried")
    hand_over(tracker)
    assert tracker.pending() is None


def test_during_the_first_apply_nothing_is_pending(source: Path) -> None:
    """The first apply has started the agent, and writes its manifest last."""
    (source.parent / "manifest").unlink()
    assert edits(source).pending() is None
