"""Which edits of the TOML are still to be applied."""

import os
from pathlib import Path

import pytest

from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.base import toml_files
from restream_agent.wire import records
from restream_agent.wire.toml_mark import TomlMark


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a TOML that was applied."""
    file = tmp_path / "restream.toml"
    file.write_text("first")
    was_read(file)
    return file


def was_read(source: Path, *, applied: bool = True) -> None:
    """Write down what is on the disk, as an apply does that reads it now."""
    files = toml_files.look(source)
    assert files is not None
    last_read(source).write_text(records.to_file(TomlMark.of(files, applied=applied)))


def last_read(source: Path) -> Path:
    return source.parent / "last-read.json"


def edits(source: Path, *, is_interrupted: bool = False, is_watched: bool = True) -> EditTracker:
    record = source.parent / "tried"
    return EditTracker(
        source, last_read(source), record, is_interrupted=is_interrupted, is_watched=is_watched
    )


def hand_over(tracker: EditTracker) -> None:
    state = tracker.pending()
    assert state is not None
    tracker.note(state)


def test_what_was_applied_is_not_pending(source: Path) -> None:
    """Whether the agent or a user has applied it."""
    assert edits(source).pending() is None


def test_an_edit_that_the_watcher_missed_is_pending(source: Path) -> None:
    """It was made while no agent ran, and its time of change is that of before."""
    before = source.stat().st_mtime_ns
    source.write_text("other")
    os.utime(source, ns=(before, before))
    assert edits(source).pending() is not None


def test_a_touch_is_no_edit(source: Path) -> None:
    """Nor is a chmod, nor another file with the same content."""
    tracker = edits(source)
    os.utime(source, (1, 1))
    source.chmod(0o600)
    other = source.with_name("new")
    other.write_text("first")
    other.replace(source)
    assert (tracker.pending(), edits(source).pending()) == (None, None)


def test_an_edit_that_is_taken_back_is_none(source: Path) -> None:
    """It was not handed over in between."""
    tracker = edits(source)
    source.write_text("second")
    assert tracker.pending() is not None
    source.write_text("first")
    assert tracker.pending() is None


def test_to_take_back_an_edit_that_was_applied_is_an_edit(source: Path) -> None:
    """Also after a refused edit, so that `status` is without the refusal again."""
    tracker = edits(source)
    source.write_text("second")
    hand_over(tracker)
    source.write_text("first")
    assert tracker.pending() is not None


def test_platforms_in_files_of_their_own_are_watched(source: Path) -> None:
    """A new file, a changed one, one that is gone; not what is no TOML."""
    tracker = edits(source)
    platforms = source.parent / "platforms.d"
    assert tracker.pending() is None
    platforms.mkdir()
    (platforms / "notes.txt").write_text("")
    (platforms / ".hidden.toml").write_text("")
    assert tracker.pending() is None
    for change in (
        lambda: (platforms / "club.toml").write_text("club"),
        lambda: (platforms / "club.toml").write_text("changed"),
        (platforms / "club.toml").unlink,
    ):
        change()
        hand_over(tracker)
        assert tracker.pending() is None


def test_an_apply_that_a_power_cut_interrupted_is_done_again_once(source: Path) -> None:
    """Though the TOML is as it was read. A restarted agent does not repeat it."""
    first, second = (edits(source, is_interrupted=True) for _ in range(2))
    hand_over(first)
    assert (first.pending(), second.pending()) == (None, None)


def test_an_edit_is_handed_over_once(source: Path) -> None:
    """Also if `apply` refuses it, and by a restarted agent."""
    source.write_text("second")
    first = edits(source)
    hand_over(first)
    was_read(source, applied=False)
    assert (first.pending(), edits(source).pending()) == (None, None)


def test_a_refused_edit_is_tried_again_after_a_boot(source: Path) -> None:
    """What was missing may be there by then."""
    source.write_text("second")
    was_read(source, applied=False)
    assert edits(source).pending() is not None


def test_an_edit_during_an_apply_is_not_lost(source: Path) -> None:
    """The apply has read the TOML before the edit."""
    tracker = edits(source)
    source.write_text("second")
    hand_over(tracker)
    was_read(source)
    source.write_text("third")
    hand_over(tracker)
    assert tracker.pending() is None


def test_an_edit_that_an_apply_has_read_already_is_not_handed_over(source: Path) -> None:
    """It was made between the start of the apply and its reading, or was applied by hand."""
    tracker = edits(source)
    source.write_text("second")
    hand_over(tracker)
    source.write_text("third")
    was_read(source)
    assert (tracker.pending(), edits(source).pending()) == (None, None)


def test_no_file_is_no_edit(source: Path) -> None:
    """An editor may be about to move it into place."""
    source.unlink()
    assert edits(source).pending() is None


def test_a_state_that_cannot_be_written_is_known_until_a_restart(source: Path) -> None:
    """For example with a full /run."""
    tracker = EditTracker(source, last_read(source), source.parent / "nowhere" / "tried")
    assert tracker.pending() is None
    source.write_text("second")
    hand_over(tracker)
    assert tracker.pending() is None


def test_during_the_first_apply_nothing_is_pending(source: Path) -> None:
    """The first apply has started the agent, and notes what it has read at its end."""
    last_read(source).unlink()
    tracker = edits(source)
    assert tracker.pending() is None
    source.write_text("second")
    assert tracker.pending() is not None


def test_a_damaged_note_counts_as_none(source: Path) -> None:
    """Of an earlier version, or cut off."""
    (source.parent / "tried").write_text("1700000000000000000")
    assert edits(source).pending() is None


def test_unless_it_is_watched_nothing_is_pending(source: Path) -> None:
    """agent.watch = false. An apply that a power cut interrupted is done again all the same, once."""
    source.write_text("second")
    assert edits(source, is_watched=False).pending() is None
    tracker = edits(source, is_watched=False, is_interrupted=True)
    hand_over(tracker)
    source.write_text("third")
    assert tracker.pending() is None
