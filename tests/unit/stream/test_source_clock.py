"""A publisher's clock that wraps, leaps or starts anew goes on as it was, for both tracks."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.stream.flv import AUDIO, SCRIPT, VIDEO, Tag
from restream_agent.stream.source_clock import LARGEST_PAUSE, LARGEST_STEP_BACK, SourceClock
from tests.unit.stream.flv_making import FRAME, SOUND, origin, parameters, stream
from tests.unit.stream.splice_bench import SpliceBench

Arrival = tuple[int, Tag]


def arriving(length: int, *, start: int = 0, at: int = 0, sound_late: int = 0) -> list[Arrival]:
    """Return a stream that arrives in real time, its sound `sound_late` ms after the picture."""
    tags = stream(1, start, length)[2:]
    arrivals = [(at + tag.timestamp - start + (sound_late if tag.kind == AUDIO else 0), tag) for tag in tags]
    return sorted(arrivals, key=lambda arrival: arrival[0])


def moved(arrivals: list[Arrival], *, since: int, by: int, bits: int = 32) -> list[Arrival]:
    """Return the same arrivals; the clock leaps by so many ms before the tags from `since` on."""
    return [
        (at, Tag(tag.kind, (tag.timestamp + (by if tag.timestamp >= since else 0)) % 2**bits, tag.body))
        for at, tag in arrivals
    ]


def continued(arrivals: list[Arrival]) -> list[Tag]:
    """Return the tags as one clock gives them."""
    clock = SourceClock()
    return [clock.continued(tag, at) for at, tag in arrivals]


def offsets(tags: list[Tag]) -> set[int]:
    """Return by how many ms the tags are later than they were made."""
    return {tag.timestamp - origin(tag)[1] for tag in tags}


@pytest.mark.parametrize("sound_late", [0, 300, 1500])
@pytest.mark.parametrize("bits", [31, 32])
@pytest.mark.parametrize("before", [20, 1000, 4000])
def test_a_clock_that_wraps_goes_on(before: int, bits: int, sound_late: int) -> None:
    """At 2**32 ms as RTMP has it, at 2**31 as SRS passes it on; no tag is moved by a millisecond."""
    start = 2**bits - before
    steady = arriving(8000, start=start, sound_late=sound_late)
    # No arrival is on time, so that a guess from the wall clock would be off.
    arrivals = sorted(((at + at * 7 % 31, tag) for at, tag in steady), key=lambda arrival: arrival[0])
    assert offsets(continued(moved(arrivals, since=0, by=0, bits=bits))) == {0}


def test_srs_passes_on_31_bits() -> None:
    """A clock just below 2**32 begins just below 2**31 there, and wraps."""
    arrivals = arriving(4000, start=2**32 - 1000)
    assert offsets(continued(moved(arrivals, since=0, by=0, bits=31))) == {-(2**31)}


@pytest.mark.parametrize("sound_late", [0, 300, 1500])
@pytest.mark.parametrize(
    ("start", "by"), [(5_000_000, -5_003_000), (3000, -5000), (0, 10_000_000), (0, 2**31 + 7)]
)
def test_a_clock_that_leaps_goes_on_after_a_frame(start: int, by: int, sound_late: int) -> None:
    """Back to 0 or far ahead: both tracks go on within a frame, together, and no tag of either is doubled."""
    arrivals = arriving(10_000, start=start, at=700, sound_late=sound_late)
    tags = continued(moved(arrivals, since=start + 3000, by=by))
    found = offsets(tags)
    assert len(found) <= 2
    assert max(found) - min(found) <= FRAME
    for kind in (AUDIO, VIDEO):
        stamps = [tag.timestamp for tag in tags if tag.kind == kind]
        assert all(0 < second - first <= 2 * FRAME for first, second in pairwise(stamps))


def test_one_tag_with_a_wrong_timestamp_moves_nothing() -> None:
    """The clock is the earlier one again."""
    arrivals = arriving(6000)
    wrong = [(at, Tag(tag.kind, 10**8, tag.body) if at == 3000 else tag) for at, tag in arrivals]
    tags = [tag for tag, (at, _) in zip(continued(wrong), arrivals, strict=True) if at != 3000]
    assert offsets(tags) == {0}


@pytest.mark.parametrize("kind", [AUDIO, VIDEO])
@pytest.mark.parametrize("pause", [5000, 28_000, 600_000])
def test_a_track_that_pauses_is_on_the_same_clock(kind: int, pause: int) -> None:
    """However long it pauses; so does a track that begins late."""
    for begin in (-1, 3000):
        arrivals = [
            (at, tag)
            for at, tag in arriving(pause + 6000)
            if tag.kind != kind or not begin <= at < pause + 3000
        ]
        assert offsets(continued(arrivals)) == {0}


def test_sound_may_begin_behind_its_picture() -> None:
    """Its first tag is a second and a half behind the newest picture, and on the same clock."""
    arrivals = arriving(6000, start=9000, sound_late=1500)
    assert offsets(continued(arrivals)) == {0}


def test_a_backlog_with_a_hole_stays_a_hole() -> None:
    """What a server has thrown away is missing, and the rest is on time."""
    arrivals = [(max(at, 60_000), tag) for at, tag in arriving(60_000) if not 5000 <= at < 55_000]
    assert offsets(continued(arrivals)) == {0}


def test_headers_have_no_time() -> None:
    """OBS sends them with 0 in the middle of a stream."""
    clock = SourceClock()
    clock.continued(stream(1, 5_000_000, 40)[2], 100)
    for tag in (parameters(VIDEO, 1), parameters(AUDIO, 1), Tag(SCRIPT, 0, b"\x02\x00")):
        assert clock.continued(tag, 140) is tag


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([AUDIO, VIDEO]), st.integers(0, 3000), st.integers(0, 2**32 - 1)),
        min_size=1,
        max_size=40,
    )
)
def test_no_track_ever_leaps(steps: list[tuple[int, int, int]]) -> None:
    """Whatever the timestamps are."""
    clock, now, last = SourceClock(), 0, dict[int, tuple[int, int]]()
    for kind, pause, timestamp in steps:
        now += pause
        tag = clock.continued(Tag(kind, timestamp, b"\x27\x01\0\0\0\0\0"), now)
        if kind in last:
            before, at = last[kind]
            assert -LARGEST_STEP_BACK <= tag.timestamp - before <= LARGEST_PAUSE + now - at
        last[kind] = (tag.timestamp, now)


@pytest.mark.parametrize("sound_late", [0, 300])
@pytest.mark.parametrize(
    ("start", "by", "bits"),
    [(2**32 - 5000, 0, 32), (2**32 - 5000, 0, 31), (2**31 - 5000, 0, 31), (5_000_000, -5_005_000, 32)],
)
def test_the_program_shows_such_a_source_at_once_and_without_a_hand_off(
    start: int, by: int, bits: int, sound_late: int
) -> None:
    """Its pictures arrive at the platforms without a gap, as from any other source."""
    bench, clock = SpliceBench(), SourceClock()
    bench.connect()
    for at, tag in moved(
        arriving(12_000, start=start, sound_late=sound_late), since=start + 5000, by=by, bits=bits
    ):
        bench.pass_time(at - bench.now)
        bench.take(bench.splice.live_tag(clock.continued(tag, bench.now), bench.now))
    assert bench.source_changes() == 0
    for kind, step in ((VIDEO, FRAME), (AUDIO, SOUND)):
        sent = [(at, tag.timestamp) for at, tag in bench.media() if tag.kind == kind]
        assert sent[0][0] <= 100 + sound_late
        assert len(sent) >= (12_000 - sound_late) // step - 1
        assert max(second[1] - first[1] for first, second in pairwise(sent)) <= step + FRAME


def after(first: int, kind: int, timestamp: int, now: int) -> int:
    """Return what becomes of a tag's timestamp after a picture that arrived at 0."""
    clock = SourceClock()
    clock.continued(Tag(VIDEO, first, b"\x27\x01"), 0)
    return clock.continued(Tag(kind, timestamp, b"\x27\x01" if kind == VIDEO else b"\xaf\x01"), now).timestamp


@pytest.mark.parametrize("now", [0, 500])
def test_a_larger_step_is_another_clock(now: int) -> None:
    """Back by more than a second, or ahead by more than two minutes and the time that has passed."""
    steps = (-LARGEST_STEP_BACK - 1, -LARGEST_STEP_BACK, LARGEST_PAUSE + now, LARGEST_PAUSE + now + 1)
    found = [after(10_000, VIDEO, 10_000 + step, now) - 10_000 for step in steps]
    assert found == [max(1, now), *steps[1:3], max(1, now)]


def test_the_first_sound_may_be_two_minutes_from_the_picture() -> None:
    """In either direction."""
    steps = (-LARGEST_PAUSE - 1, -LARGEST_PAUSE, LARGEST_PAUSE, LARGEST_PAUSE + 1)
    assert [after(500_000, AUDIO, 500_000 + step, 0) - 500_000 for step in steps] == [1, *steps[1:3], 1]


@pytest.mark.parametrize(
    ("pictures", "timestamp"),
    [([(0, 0), (0, 100_000), (0, 200_000)], 300_000), ([(0, 200_000), (500_000, 200_000)], 700_000)],
)
def test_the_first_sound_is_compared_with_the_newest_picture(
    pictures: list[tuple[int, int]], timestamp: int
) -> None:
    """After a backlog; and after pictures whose clock stood still, while that of the sound went on."""
    clock = SourceClock()
    for now, at in pictures:
        clock.continued(Tag(VIDEO, at, b"\x27\x01"), now)
    assert clock.continued(Tag(AUDIO, timestamp, b"\xaf\x01"), pictures[-1][0]).timestamp == timestamp


@pytest.mark.parametrize(("timestamp", "expected"), [(105_000, 110_000), (110_000, 110_000)])
def test_a_track_that_fits_on_two_clocks_is_on_the_likelier_one(timestamp: int, expected: int) -> None:
    """The picture's clock has leapt back by 5 s while the sound paused; it comes 10 s later, on either."""
    clock = SourceClock()
    for kind, at, now in ((AUDIO, 100_000, 0), (VIDEO, 100_000, 0), (VIDEO, 95_000, 40)):
        clock.continued(Tag(kind, at, b"\x27\x01" if kind == VIDEO else b"\xaf\x01"), now)
    found = clock.continued(Tag(AUDIO, timestamp, b"\xaf\x01"), 10_000).timestamp
    assert abs(found - expected) <= FRAME
