"""Whatever the two tracks of a publisher do: properties of what is sent."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from restream_agent.stream.flv import AUDIO, VIDEO
from restream_agent.stream.hand_off import Settings
from restream_agent.stream.timeline import LEAD_LIMIT
from tests.unit.stream.flv_making import origin
from tests.unit.stream.splice_bench import FALLBACK, SpliceBench
from tests.unit.stream.uneven_source import Track, longest_gap, offsets, out_of_step, send, stamps

LENGTH = 20_000
STALL = 1000
PAUSES = st.lists(
    st.tuples(st.integers(0, LENGTH), st.integers(1, 15_000)).map(lambda each: (each[0], sum(each))),
    max_size=2,
).map(tuple)


def tracks(steps: list[float], clumps: list[int]) -> st.SearchStrategy[Track | None]:
    """Return tracks that are late, clumped, paused, begin late or are missing."""
    track = st.builds(
        Track,
        st.sampled_from(steps),
        begin=st.sampled_from([0, 0, 700, 7000]),
        late=st.integers(0, 1900),
        clump=st.sampled_from(clumps),
        pauses=PAUSES,
    )
    return st.one_of(track, track, track, st.none())


PICTURE_TRACKS = tracks([1000 / 60, 40, 40, 100], [1, 1, 4])
SOUND_TRACKS = tracks([1024 / 48, 1024 / 44.1], [1, 1, 16])


def assert_increasing(bench: SpliceBench) -> None:
    """Check that timestamps increase in each track, and are never far ahead of real time."""
    last = {AUDIO: -1, VIDEO: -1}
    for at, tag in bench.sent:
        if tag.is_media:
            assert tag.timestamp > last[tag.kind]
            assert tag.timestamp - at <= LEAD_LIMIT
            last[tag.kind] = tag.timestamp


def assert_in_step(bench: SpliceBench) -> None:
    """Check that live sound has the offset of the pictures before or after it."""
    offset, sounds = None, list[tuple[int, int]]()
    pictures = list[tuple[int, int, int]]()
    for _, tag in bench.media():
        source, timestamp = origin(tag)
        if source == FALLBACK:
            continue
        offset = tag.timestamp - timestamp
        if tag.kind == VIDEO:
            pictures.append((timestamp, offset, source))
        else:
            sounds.append((offset, source))
    known = {(offset, source) for _, offset, source in pictures}
    for each in sounds:
        assert each in known


@example(Track(1000 / 60, clump=4, pauses=((1, 501),)), Track(1024 / 48, late=38), 0, False)
@settings(max_examples=40, deadline=None)
@given(PICTURE_TRACKS, SOUND_TRACKS, st.sampled_from([0, 80]), st.booleans())
def test_both_tracks_are_always_there(
    pictures: Track | None, sounds: Track | None, composition: int, standby: bool
) -> None:
    """Each without a gap that a stall does not explain, increasing, and sound in step with its picture."""
    bench = SpliceBench(Settings(standby=standby, stall=STALL))
    bench.pass_time(100)
    send(bench, LENGTH, pictures, sounds, composition=composition)
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(3000)
    assert_increasing(bench)
    if pictures is not None:
        assert_in_step_unless_alone(bench)
    for kind, limit in ((VIDEO, 3 * STALL + 200), (AUDIO, 600)):
        assert longest_gap([*stamps(bench, kind)]) <= limit


def assert_in_step_unless_alone(bench: SpliceBench) -> None:
    """Leave out the sound that was heard over the fallback's pictures: before the first live picture."""
    first = next(
        (n for n, (_, tag) in enumerate(bench.sent) if tag.kind == VIDEO and tag.is_media and origin(tag)[0]),
        len(bench.sent),
    )
    bench.sent = bench.sent[first:]
    assert_in_step(bench)


@pytest.mark.parametrize("late", [280, 300, 450, 700])
def test_sound_that_leads_stays_with_its_picture_when_a_late_source_is_moved(late: int) -> None:
    """A server that encodes pictures too slowly sends each of them later than its sound."""
    bench = SpliceBench(Settings(stall=STALL))
    bench.pass_time(100)
    send(bench, LENGTH, Track(40, late=late, late_from=5000))
    assert len(offsets(bench, VIDEO)) == 2, "the late source was not moved"
    assert out_of_step(bench) == 0
