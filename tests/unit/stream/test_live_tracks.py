"""When a track is missing, what has stalled, and which offset late sound has."""

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.timeline import Timeline
from restream_agent.stream.tracks import LATEST, SLOWEST, UNKNOWN_PACE, HeldTracks, LiveTracks, Missing
from tests.unit.stream.flv_making import parameters, picture, sound

STALL = 1000


def flowing(step: int, count: int = 20) -> LiveTracks:
    """Return tracks of which pictures and sound came every `step` ms, the last ones at step * count."""
    tracks = LiveTracks(0)
    for at in range(step, step * count + 1, step):
        for tag in (picture(at, 1, is_keyframe=False), sound(at, 1)):
            tracks.arrived(tag, at)
            tracks.sent_at[tag.kind] = at
    return tracks


@pytest.mark.parametrize(
    ("step", "limit"), [(40, STALL), (333, STALL), (334, 1002), (500, 1500), (1000, 3000), (3000, SLOWEST)]
)
def test_a_stall_is_three_usual_intervals(step: int, limit: int) -> None:
    """At least the setting, at most SLOWEST."""
    assert flowing(step).picture_limit(STALL) == limit
    assert flowing(step).stalls_at(STALL) == step * 20 + limit


def test_before_an_interval_is_known_a_stall_takes_longer() -> None:
    """A pause of before says nothing of it either, nor does a burst."""
    tracks = LiveTracks(0)
    assert tracks.picture_limit(STALL) == UNKNOWN_PACE
    assert tracks.picture_limit(8000) == 8000
    for at, stamp in ((0, 0), (0, 900), (0, 1800), (1900, 1900)):
        tracks.arrived(picture(stamp, 1, is_keyframe=False), at)
    assert tracks.picture_limit(10) == round(3 * 100 / 3)
    tracks.paused()
    tracks.arrived(picture(60_000, 1, is_keyframe=False), 60_000)
    assert tracks.picture_limit(10) == round(3 * 100 / 3)


def test_a_track_is_missing_after_the_stall() -> None:
    """Sound that has never come may come LATEST after its picture."""
    tracks = flowing(40)
    assert tracks.missing(800 + STALL - 1, STALL) is Missing.NOTHING
    assert tracks.missing(800 + STALL, STALL) is Missing.ALL
    tracks.arrived(sound(1000, 1), 1000)
    assert tracks.missing(800 + STALL, STALL) is Missing.PICTURE
    tracks.arrived(picture(2500, 1, is_keyframe=False), 2500)
    assert tracks.missing(2500, STALL) is Missing.SOUND
    silent = LiveTracks(500)
    for at in range(500, 3600, 40):
        silent.arrived(picture(at, 1, is_keyframe=False), at)
    assert silent.missing(500 + STALL + LATEST - 1, STALL) is Missing.NOTHING
    assert silent.missing(500 + STALL + LATEST, STALL) is Missing.SOUND


@pytest.mark.parametrize(("heard_at", "stalled"), [(1300, Missing.ALL), (1301, Missing.PICTURE)])
def test_all_has_stalled_if_the_sound_stopped_with_the_picture(heard_at: int, stalled: Missing) -> None:
    """In the first half of the pause."""
    tracks = flowing(40)
    tracks.arrived(sound(heard_at, 1), heard_at)
    assert tracks.stalled(1800) is stalled


def test_a_held_track_does_not_hold_up_the_other() -> None:
    """A sequence header is due in its place."""
    held = HeldTracks()
    early, late = picture(5000, 1, is_keyframe=True), sound(100, 1)
    for tag in (early, late, parameters(AUDIO, 1)):
        held.add(tag)
    assert len(held) == 3
    assert held.take_due(lambda tag: tag.timestamp < 1000) is late
    assert held.take_due(lambda tag: tag.timestamp < 1000) == parameters(AUDIO, 1)
    assert held.take_due(lambda tag: tag.timestamp < 1000) is None
    assert (len(held.pictures), len(held)) == (1, 1)


def test_lost_sound_is_thrown_away_up_to_the_first_that_is_not() -> None:
    """Pictures stay."""
    held = HeldTracks()
    for tag in (picture(9000, 1, is_keyframe=True), sound(9000, 1), sound(100, 1), sound(9000, 1)):
        held.add(tag)
    held.drop_sound(lambda tag: tag.timestamp > 1000)
    assert [tag.timestamp for tag in held.heads()] == [100, 9000]
    assert len(held) == 3


def stamped(timeline: Timeline, tag: Tag, now: int) -> int | None:
    """Return the timestamp that a tag is sent with, None if it is left out."""
    sent = timeline.stamp(tag, now)
    return None if sent is None else sent.timestamp


def test_late_sound_keeps_the_offset_of_its_picture_when_the_clock_leaps_ahead() -> None:
    """And has the new offset from the leap on."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    for at in range(0, 1000, 40):
        timeline.stamp(picture(at, 1, is_keyframe=at == 0), at)
    assert stamped(timeline, picture(20_000, 1, is_keyframe=False), 1000) == 1000
    assert stamped(timeline, sound(900, 1), 1010) == 900
    assert stamped(timeline, sound(20_000, 1), 1020) == 1000
    assert stamped(timeline, sound(20_021, 1), 1040) == 1021


def test_sound_moves_nothing() -> None:
    """Whatever its own timestamps do: what is far behind is left out."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    assert stamped(timeline, picture(0, 1, is_keyframe=True), 0) == 0
    assert stamped(timeline, sound(1500, 1), 1500) == 1500
    assert stamped(timeline, sound(0, 1), 1510) is None
    assert stamped(timeline, picture(1520, 1, is_keyframe=False), 1520) == 1520
    assert (timeline.last[AUDIO], timeline.last[VIDEO]) == (1500, 1520)


def test_sound_of_one_timestamp_is_moved_and_sound_that_overlaps_is_left_out() -> None:
    """The first is the source's own doing; the second would be out of step."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    assert [stamped(timeline, sound(100, 1), 100) for _ in range(3)] == [100, 101, 102]
    timeline.fill(AUDIO, 130)
    assert stamped(timeline, sound(121, 1), 130) is None
    assert stamped(timeline, sound(142, 1), 142) == 142
