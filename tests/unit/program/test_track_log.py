"""The journal says what becomes of a publisher's sound."""

import pytest

from restream_agent.program.track_log import TrackLog
from restream_agent.stream.hand_off import Settings
from tests.unit.stream.splice_bench import SpliceBench
from tests.unit.stream.uneven_source import SOUNDS, Track, send


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines of the journal."""
    return capsys.readouterr().err.splitlines()


def test_sound_that_stops_is_a_line_and_counts_once(capsys: pytest.CaptureFixture[str]) -> None:
    """So is its return."""
    bench, track_log = SpliceBench(Settings(standby=True)), TrackLog()
    send(bench, 4000)
    assert not track_log.look(bench.splice, bench.now)
    send(bench, 8000, sounds=Track(21, end=3000))
    assert [track_log.look(bench.splice, bench.now) for _ in range(3)] == [True, False, False]
    send(bench, 4000)
    assert not track_log.look(bench.splice, bench.now)
    assert lines(capsys) == ["<6>live: no sound comes, silence is sent", "<6>live: sound comes"]


def test_sound_without_a_picture_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It is heard over the fallback's pictures."""
    bench, track_log = SpliceBench(Settings(standby=True)), TrackLog()
    send(bench, 5000, pictures=None, sounds=SOUNDS)
    for _ in range(2):
        assert not track_log.look(bench.splice, bench.now)
    assert lines(capsys) == ["<6>live: no picture comes, the sound is heard over the fallback's pictures"]


def test_sound_that_comes_and_goes_for_ever_does_not_fill_the_journal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ten lines a minute, the last of which says so."""
    track_log = TrackLog()
    for _ in range(20):
        bench = SpliceBench()
        send(bench, 4000, sounds=None)
        track_log.look(bench.splice, bench.now)
        send(bench, 4000)
        track_log.look(bench.splice, bench.now)
    written = lines(capsys)
    assert (len(written), written[-1][-40:]) == (10, "more of these are not logged for a minute"[-40:])
