"""The program's clock, to the millisecond: cuts, jumps, drift, sound beside its picture, and the lead."""

from itertools import pairwise

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO
from restream_agent.stream.timeline import LEAD_LIMIT, LIVE_LEAD_LIMIT, SHOWN, Timeline, ends_at, resume
from tests.unit.stream.flv_making import FRAME, parameters, sound
from tests.unit.stream.timeline_making import begun, frame, key, stamp, steady


def test_a_picture_ends_when_it_is_shown() -> None:
    """Up to LEAD_LIMIT after its timestamp, and not before; sound has no such time."""
    ends = [ends_at(tag) for tag in (frame(100, 40), frame(100, -40), frame(100, 600), sound(100, 1))]
    assert ends == [140, 100, 100 + LEAD_LIMIT, 100]


@pytest.mark.parametrize(
    ("audio", "video", "now", "forward"),
    [(0, 1200, 200, 0), (0, 1200, 199, 1001), (1300, 1200, 299, 1001), (0, 1200, 3000, 0)],
)
def test_a_resumed_broadcast_goes_on_from_what_was_sent(
    audio: int, video: int, now: int, forward: int
) -> None:
    """Its clock is set forward by a lead of more than a second."""
    assert resume({AUDIO: audio, VIDEO: video, SHOWN: 0}, now) == forward


@pytest.mark.parametrize(("shown", "now", "kept"), [(1240, 0, 1240), (9000, 0, 1700), (9000, 3000, 3500)])
def test_a_resumed_broadcast_waits_for_no_picture_of_long_ago(shown: int, now: int, kept: int) -> None:
    """It is shown at most LEAD_LIMIT after the last tag and after now."""
    last = {AUDIO: 1000, VIDEO: 1200, SHOWN: shown}
    resume(last, now)
    assert last[SHOWN] == kept


@pytest.mark.parametrize(("at", "cut"), [(50, 101), (101, 101), (300, 300)])
def test_a_source_begins_after_all_that_was_sent_and_shown(at: int, cut: int) -> None:
    """Its tracks share one offset."""
    timeline = begun()
    stamp(timeline, frame(40, 60), 40)
    assert (timeline.end, timeline.end_of_pictures, timeline.last[VIDEO]) == (100, 100, 40)
    assert timeline.begin(7000, at, at) == cut
    assert (stamp(timeline, key(7000), at), stamp(timeline, sound(7010, 1), at)) == (cut, cut + 10)


@pytest.mark.parametrize(("timestamp", "sent"), [(700, None), (699, 300), (999, None)])
def test_a_picture_from_before_the_keyframe_is_left_out(timestamp: int, sent: int | None) -> None:
    """Unless the clock has jumped back, by more than 300 ms."""
    assert stamp(begun(first=1000), frame(timestamp), 300) == sent


@pytest.mark.parametrize(("timestamp", "sent"), [(161, 201), (160, 900), (100, 900)])
def test_a_picture_is_moved_a_little_to_come_after_the_picture_before_it(timestamp: int, sent: int) -> None:
    """By 40 ms; otherwise the clock has jumped. The keyframe's own timestamp counts as any other."""
    timeline = begun(first=100, at=100)
    assert stamp(timeline, frame(200), 200) == 200
    assert stamp(timeline, frame(timestamp), 900) == sent


@pytest.mark.parametrize(
    ("lead", "timestamp", "now", "sent"),
    [
        (0, 500, 0, 500),
        (0, 501, 0, 1),
        (0, 600, 100, 600),
        (0, 600, 99, 99),
        (300, 500, 0, 800),
        (300, 501, 0, 301),
    ],
)
def test_a_clock_that_leaps_ahead_is_mapped_anew(lead: int, timestamp: int, now: int, sent: int) -> None:
    """If it leaps by more than LEAD_LIMIT, and to more than LEAD_LIMIT after the wall clock."""
    timeline = Timeline()
    timeline.begin(0, lead, 0)
    assert stamp(timeline, key(0), 0) == lead
    assert stamp(timeline, frame(timestamp), now) == sent


def test_sound_keeps_the_offset_of_its_picture_after_a_leap_ahead() -> None:
    """Sound from before the leap comes a little later; after a leap back there is one offset."""
    timeline = begun()
    assert stamp(timeline, frame(9000), 40) == 40
    assert [stamp(timeline, sound(at, 1), 60) for at in (20, 9020)] == [20, 60]
    assert stamp(timeline, frame(2000), 100) == 100
    assert stamp(timeline, sound(1990, 1), 100) == 90


def test_a_clock_that_stands_still_is_mapped_anew() -> None:
    """When the 40 ms by which a picture may be moved are used up; then there is one offset, too."""
    timeline = begun()
    assert [stamp(timeline, frame(100), 100) for _ in range(41)] == list(range(100, 141))
    assert stamp(timeline, frame(100), 500) == 500
    assert stamp(timeline, sound(90, 1), 500) == 490


def test_a_picture_that_is_early_is_no_leap() -> None:
    """If it comes within LEAD_LIMIT of the newest picture."""
    timeline = begun()
    stamp(timeline, frame(1000), 1000)
    assert stamp(timeline, frame(1400), 800) == 1400


def test_the_first_picture_may_come_late() -> None:
    """It is where its source has begun, and a second one of its timestamp is the next."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    assert [stamp(timeline, key(0), 4000) for _ in range(2)] == [0, 1]


def test_sound_moves_no_clock() -> None:
    """However far its own clock leaps."""
    timeline = begun()
    assert stamp(timeline, sound(9000, 1), 20) == 9000
    assert stamp(timeline, frame(40), 40) == 40


@pytest.mark.parametrize(("lag", "moved"), [(250, 0), (251, 251), (900, 900), (901, 900)])
def test_a_source_that_has_paused_is_moved_to_the_wall_clock(lag: int, moved: int) -> None:
    """At a keyframe, if it was late by more than 250 ms for 3 s; by 900 ms at most."""
    timeline = steady(lag)
    assert stamp(timeline, key(3000), 4000 + lag) == 4000 + moved
    assert stamp(timeline, frame(3040), 4040 + lag) == 4040 + moved


@pytest.mark.parametrize(("timestamp", "moved"), [(2699, 0), (2700, 300)])
def test_a_lag_is_steady_after_three_seconds(timestamp: int, moved: int) -> None:
    """From the beginning of the source on, and from its last move on."""
    timeline = steady(300, length=2680)
    assert stamp(timeline, key(timestamp), 1300 + timestamp) == 1000 + timestamp + moved


def test_a_source_is_watched_anew_after_a_move() -> None:
    """For 3 s, in which it has to be late again."""
    timeline = steady(300)
    assert stamp(timeline, key(3000), 4300) == 4300
    for timestamp in (3040, 4000, 6000, 6040, 8999):
        assert stamp(timeline, key(timestamp), 1600 + timestamp) == 1300 + timestamp
    assert stamp(timeline, key(9000), 10_600) == 10_600


def test_a_source_that_is_very_late_comes_in_steps() -> None:
    """An uplink at half of its rate for 6 s: no second is left without a picture, and none is a leap."""
    timeline, stamps = steady(3000), list[int]()
    for timestamp in range(3000, 30_000, FRAME):
        tag = key(timestamp) if timestamp % 2000 == 0 else frame(timestamp)
        stamped = stamp(timeline, tag, 4000 + timestamp)
        assert stamped is not None
        stamps.append(stamped)
    assert stamps[-1] == 4000 + 29_960
    assert max(second - first for first, second in pairwise(stamps)) == FRAME + 900
    assert set(range(4, 33)) <= {stamp // 1000 for stamp in stamps}


@pytest.mark.parametrize(("other", "moved"), [(549, 300), (550, 0), (250, 0), (251, 251)])
def test_a_source_whose_lag_wanders_is_not_moved(other: int, moved: int) -> None:
    """Its least lag counts, and it must not differ by 250 ms."""
    timeline = steady(300)
    stamp(timeline, frame(2970), 3970 + other)
    assert stamp(timeline, key(3000), 4300) == 4000 + moved


def test_a_late_source_that_catches_up_is_not_moved() -> None:
    """The keyframe's own lag counts too."""
    assert stamp(steady(300), key(3000), 4100) == 4000


def test_both_tracks_are_moved_from_one_moment_on() -> None:
    """Sound that was sent before its picture has its time already; sound that is late keeps its own."""
    timeline = steady(300)
    assert stamp(timeline, sound(3020, 1), 4300) == 4020
    assert stamp(timeline, key(3000), 4300) == 4000
    assert timeline.send_at(sound(3020, 1)) == 4020 - LIVE_LEAD_LIMIT
    assert timeline.send_at(sound(3021, 1)) == 4321 - LIVE_LEAD_LIMIT
    assert stamp(timeline, frame(3020), 4320) == 4020
    assert stamp(timeline, key(3021), 4321) == 4321
    assert timeline.send_at(sound(3020, 1)) == 4020 - LIVE_LEAD_LIMIT
    assert timeline.send_at(sound(3021, 1)) == 4321 - LIVE_LEAD_LIMIT


def test_a_move_is_planned_once() -> None:
    """A keyframe before the planned moment plans no other."""
    timeline = steady(300)
    stamp(timeline, sound(3060, 1), 4300)
    assert [stamp(timeline, key(at), 1300 + at + 40) for at in (3000, 3040, 3061)] == [4000, 4040, 4361]


@pytest.mark.parametrize(
    ("timestamp", "sent"), [(90, 101), (100, 101), (101, 101), (60, None), (61, 101), (102, 102)]
)
def test_sound_whose_timestamps_do_not_increase_is_moved(timestamp: int, sent: int | None) -> None:
    """By 40 ms at most."""
    timeline = begun()
    assert stamp(timeline, sound(100, 1), 100) == 100
    assert stamp(timeline, sound(timestamp, 1), 100) == sent


def test_sound_for_whose_time_other_sound_was_sent_is_left_out() -> None:
    """Moved behind it, it would be out of step with its picture."""
    timeline = begun()
    assert stamp(timeline, sound(100, 1), 100) == 100
    timeline.fill(AUDIO, 120)
    assert [stamp(timeline, sound(at, 1), 120) for at in (101, 120, 121)] == [None, None, 121]


@pytest.mark.parametrize(("after", "shown"), [(100, 140), (2000, 40 + LIVE_LEAD_LIMIT), (-20, 40)])
def test_a_source_waits_for_what_is_shown_later(after: int, shown: int) -> None:
    """Up to the limit of the lead; a later picture that is shown earlier changes nothing."""
    timeline = begun()
    stamp(timeline, frame(40, after), 40)
    assert timeline.last[SHOWN] == shown
    stamp(timeline, frame(41), 41)
    assert timeline.last[SHOWN] == max(shown, 41)


def test_a_live_tag_waits_until_its_lead_is_within_the_limit() -> None:
    """Counted from when it is shown."""
    timeline = begun(at=1000)
    tag = frame(600, 40)
    assert timeline.send_at(tag) == 1640 - LIVE_LEAD_LIMIT
    assert [timeline.is_ahead(tag, now) for now in (1189, 1190)] == [True, False]
    assert timeline.ahead_by(640, 1100) == 90


def test_time_in_which_nothing_was_sent_delays_the_source() -> None:
    """All further tags by as much."""
    timeline = begun()
    timeline.shift(5000)
    assert stamp(timeline, frame(40), 5060) == 5040


def test_parameters_stand_where_their_track_is() -> None:
    """They take up no time; at the very beginning it is 0."""
    assert Timeline().place(parameters(VIDEO, 1)).timestamp == 0
    timeline = begun(at=70)
    assert [timeline.place(parameters(kind, 1)).timestamp for kind in (VIDEO, AUDIO)] == [70, 0]
