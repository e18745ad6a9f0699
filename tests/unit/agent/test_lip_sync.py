"""The offset of a relay's output, from the marks of the program and of its ffmpeg."""

import pytest

from restream_agent.agent.lip_sync import LipSync
from restream_agent.wire.passed_mark import PassedMark
from restream_agent.wire.program_report import MarkReport

AUDIO, VIDEO = 8, 9
PICTURE, SOUND = MarkReport(100, VIDEO, 61_000), MarkReport(900, AUDIO, 61_020)
NOW = 50.0


def compared(picture: int, sound: int) -> LipSync:
    """Return the marks of a relay whose ffmpeg gave these timestamps to picture and sound."""
    lip_sync = LipSync()
    lip_sync.expect((PICTURE, SOUND))
    lip_sync.pass_on(PassedMark(PICTURE.position, picture), NOW)
    lip_sync.pass_on(PassedMark(SOUND.position, sound), NOW)
    return lip_sync


@pytest.mark.parametrize(
    ("picture", "sound", "offset"),
    [(1000, 1020, 0.0), (0, 20, 0.0), (1000, 29_020, 28.0), (16_400, 1020, -15.4), (1000, 1080, 0.06)],
)
def test_the_offset_is_how_much_later_sound_has_become(picture: int, sound: int, offset: float) -> None:
    """ffmpeg's own zero does not count; 28 s and -15.4 s were measured, with one track paused for 28 s."""
    assert compared(picture, sound).offset(now=NOW, since=0.0) == offset


def test_a_mark_may_be_passed_on_before_the_program_has_reported_it() -> None:
    """The program reports twice a second."""
    lip_sync = LipSync()
    for mark in (PICTURE, SOUND):
        lip_sync.pass_on(PassedMark(mark.position, mark.timestamp - 60_000), NOW)
    assert lip_sync.offset(now=NOW, since=0.0) is None
    lip_sync.expect((PICTURE, SOUND))
    lip_sync.expect((PICTURE, SOUND))
    assert lip_sync.offset(now=NOW, since=0.0) == 0


def test_the_newest_mark_of_a_track_counts() -> None:
    """A clock that ffmpeg moves is seen at the next mark of the track."""
    lip_sync = compared(1000, 1020)
    lip_sync.expect((MarkReport(5000, AUDIO, 90_000),))
    lip_sync.pass_on(PassedMark(5000, 58_000), NOW + 1)
    assert lip_sync.offset(now=NOW + 1, since=0.0) == 28


def test_without_marks_of_both_tracks_the_offset_is_not_known() -> None:
    """A track that has no marks for a minute, a relay that has begun anew, another connection."""
    lip_sync = compared(1000, 1020)
    assert lip_sync.offset(now=NOW + 60, since=NOW) == 0
    assert lip_sync.offset(now=NOW + 60.1, since=NOW) is None
    assert lip_sync.offset(now=NOW, since=NOW + 0.1) is None
    lip_sync.restart()
    lip_sync.pass_on(PassedMark(PICTURE.position, 1000), NOW)
    assert lip_sync.offset(now=NOW, since=0.0) is None


def test_positions_that_the_program_does_not_know_are_forgotten() -> None:
    """They are bounded, so that no sender fills the agent's memory."""
    for kept, offset in ((200, -0.02), (201, 0.0)):
        lip_sync = compared(1000, 1020)
        for position in range(1000, 1000 + kept):
            lip_sync.pass_on(PassedMark(position, 0), NOW)
        lip_sync.expect((MarkReport(1000, AUDIO, 60_020),))
        assert lip_sync.offset(now=NOW, since=0.0) == pytest.approx(offset)
