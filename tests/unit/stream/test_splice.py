"""The program's rules, under any interleaving of sources, stalls, backlogs, jumps, ends and restarts."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.stream.flv import AUDIO, HEADER, VIDEO, Reader, encode
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.timeline import LEAD_LIMIT, SHOWN
from tests.unit.stream.flv_making import FRAME, SOUND, is_silence, origin
from tests.unit.stream.splice_bench import FALLBACK, SpliceBench

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("connect"), st.sampled_from([0, 7, 1_000_000, 2**31])),
        st.tuples(st.just("play"), st.integers(1, 6000)),
        st.tuples(st.just("burst"), st.integers(1, 8000)),
        st.tuples(st.just("fast"), st.integers(1, 6000)),
        st.tuples(st.just("pass_time"), st.integers(1, 6000)),
        st.tuples(st.just("jump"), st.sampled_from([-100_000, -500, 700, 5000, 10**7])),
        st.tuples(st.just("end"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("break"), st.sampled_from([0, 1])),
    ),
    max_size=12,
)


def perform(bench: SpliceBench, action: str, amount: int) -> None:
    """Do an action on the bench; a publisher connects if the action needs a publisher."""
    if action in ("play", "burst", "fast", "jump") and not bench.splice.has_live:
        bench.connect()
    if action == "play":
        bench.play(amount)
    elif action == "burst":
        bench.play(amount, speed=0)
    elif action == "fast":
        bench.play(amount, speed=1.5)
    elif action == "jump":
        bench.position = max(0, bench.position + amount)
    elif action == "connect":
        bench.connect(amount)
    elif action == "pass_time":
        bench.pass_time(amount)
    elif action == "end":
        bench.take(bench.splice.live_ended(bench.now))
    elif action == "restart":
        bench.restart()
    else:
        bench.take(bench.splice.hold_fallback(bench.now, held=bool(amount)))


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_the_rules_hold_whatever_happens(actions: list[tuple[str, int]]) -> None:
    """Timestamps increase per stream, the lead is bounded, and sources begin at keyframes with headers."""
    bench = SpliceBench()
    for action, amount in actions:
        perform(bench, action, amount)
    last = {AUDIO: -1, VIDEO: -1}
    source, headers = None, dict[int, int]()
    for at, tag in bench.sent:
        if tag.is_sequence_header:
            headers[tag.kind] = tag.body[-1]
            continue
        assert tag.timestamp > last[tag.kind]
        assert tag.timestamp - at <= LEAD_LIMIT
        last[tag.kind] = tag.timestamp
        if is_silence(tag):
            continue
        if origin(tag)[0] != source:
            assert tag.is_keyframe
            source = origin(tag)[0]
        assert {AUDIO: source, VIDEO: source} == headers


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(2100, 6000), st.integers(0, 900)), min_size=1, max_size=5))
def test_nothing_is_lost_inside_a_source_and_its_streams_share_one_offset(
    plays: list[tuple[int, int]],
) -> None:
    """Pauses shorter than a stall, with or without a backlog afterwards, lose no live tag."""
    bench = SpliceBench()
    bench.connect()
    for length, pause in plays:
        bench.play(length)
        bench.pass_time(pause)
        bench.play(pause - pause % FRAME, speed=0)
    live = [tag for _, tag in bench.media() if origin(tag)[0] == 1]
    for kind, step in ((VIDEO, FRAME), (AUDIO, SOUND)):
        stamps = [origin(tag)[1] for tag in live if tag.kind == kind]
        gaps = [second - first for first, second in itertools.pairwise(stamps)]
        assert max(gaps) <= step
    offsets = {tag.timestamp - origin(tag)[1] for tag in live}
    assert len(offsets) == 1


def test_a_broadcast_opens_with_live_without_a_flash_of_the_fallback() -> None:
    """From off air nothing is sent until the first live keyframe."""
    bench = SpliceBench()
    bench.pass_time(1500)
    bench.connect()
    bench.play(3000)
    assert origin(bench.media()[0][1])[0] == 1


def test_a_broadcast_without_a_publisher_opens_with_the_fallback_after_the_opening_time() -> None:
    """The fallback begins when `opening` has passed."""
    bench = SpliceBench(Settings(opening=5000))
    bench.pass_time(6000)
    at, first = bench.media()[0]
    assert (at, origin(first)[0]) == (5000, FALLBACK)


def test_a_drop_shows_the_fallback_at_once_from_its_start() -> None:
    """The first tag after the end of live is the fallback's first keyframe, sent at the same moment."""
    bench = SpliceBench()
    bench.connect()
    bench.play(4000)
    ended = bench.now
    bench.take(bench.splice.live_ended(ended))
    at, tag = next((at, tag) for at, tag in bench.media() if origin(tag)[0] == FALLBACK)
    assert (ended, (FALLBACK, 0), True) == (at, origin(tag), tag.is_keyframe)


def test_silence_of_a_connected_publisher_is_a_stall() -> None:
    """After a silence of `stall` the fallback plays, and live returns at a fresh keyframe."""
    bench = SpliceBench(Settings(stall=1000))
    bench.connect()
    bench.play(4000)
    bench.pass_time(1100)
    assert Source.FALLBACK is bench.source()
    bench.position += 1100
    bench.play(4000)
    assert Source.LIVE is bench.source()


def test_after_a_backlog_the_cut_waits_for_a_fresh_keyframe() -> None:
    """Eight seconds delivered at once do not become eight seconds of lead."""
    bench = SpliceBench()
    bench.connect()
    bench.play(2000)
    bench.pass_time(8000)
    bench.play(8100, speed=0)
    bench.play(4500)
    returned = [origin(tag)[1] for at, tag in bench.media() if origin(tag)[0] == 1 and at > 3000]
    assert returned[0] == 10_000


def test_a_backlog_that_arrives_at_twice_the_speed_is_not_taken_for_live() -> None:
    """The fallback plays while the stream catches up; there is one return, and no second drop."""
    bench = SpliceBench()
    bench.connect()
    bench.play(2000)
    bench.pass_time(6000)
    bench.play(12_000, speed=2.0)
    assert bench.source() is Source.FALLBACK
    bench.play(9000)
    assert bench.source() is Source.LIVE
    assert bench.source_changes() == 2


def test_a_slow_backlog_is_waited_for_to_its_end() -> None:
    """At 1.3 times the speed, 26 s of stream make up for six seconds; then live returns, and stays."""
    bench = SpliceBench()
    bench.connect()
    bench.play(2000)
    bench.pass_time(6000)
    bench.play(20_000, speed=1.3)
    assert bench.source() is Source.FALLBACK
    bench.play(6000, speed=1.3)
    bench.play(6000)
    assert bench.source() is Source.LIVE
    assert bench.source_changes() == 2


def test_a_source_that_has_lost_time_for_good_returns_too() -> None:
    """A stream that goes on where it stopped, without a backlog, is live again within a few seconds."""
    bench = SpliceBench()
    bench.connect()
    bench.play(2000)
    bench.pass_time(6000)
    bench.play(8000)
    assert bench.source() is Source.LIVE


def test_a_source_that_never_keeps_real_time_is_left_without_a_silence() -> None:
    """A stream that is too fast is held back, then left for the fallback: something is always sent."""
    bench = SpliceBench()
    bench.connect()
    bench.play(20_000, speed=1.5)
    times = [at for at, _ in bench.media()]
    assert max(second - first for first, second in itertools.pairwise(times)) < 200


@pytest.mark.parametrize("bits", [31, 32])
def test_a_broadcast_outlives_the_32_bits_of_its_timestamps(bits: int) -> None:
    """After 24.8 and 49.7 days of standby the program goes on; FLV has the last 32 bits of its timestamps."""
    bench = SpliceBench(Settings(standby=True), now=2**bits - 3000)
    bench.timeline.last.update({AUDIO: bench.now - 20, VIDEO: bench.now - 40, SHOWN: bench.now - 40})
    bench.pass_time(1000)
    bench.connect(start=2**bits - 1000)
    bench.play(6000)
    stamps = [(tag.kind, tag.timestamp) for _, tag in bench.media()]
    assert stamps[0][1] < 2**bits < stamps[-1][1]
    for kind in (AUDIO, VIDEO):
        track = [stamp for each, stamp in stamps if each == kind]
        assert max(second - first for first, second in itertools.pairwise(track)) <= 2 * FRAME
    read = Reader().feed(HEADER + b"".join(encode(tag) for _, tag in bench.sent))
    assert [tag.timestamp for tag in read] == [tag.timestamp % 2**32 for _, tag in bench.sent]
    assert bench.source() is Source.LIVE


def test_the_lead_left_by_hand_offs_is_given_back() -> None:
    """After twenty quick drops and returns the program is as close to the wall clock as after one."""
    bench = SpliceBench()
    for _ in range(20):
        bench.connect()
        bench.play(1000)
        bench.take(bench.splice.live_ended(bench.now))
        bench.pass_time(1500)
    at, tag = bench.media()[-1]
    assert abs(tag.timestamp - at) < 100


def test_two_hundred_rounds_of_the_fallback_keep_audio_and_video_together() -> None:
    """In every round both streams are shifted by the same amount."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(200 * 5000)
    ends = {}
    for _, tag in bench.media():
        ends[tag.kind] = tag.timestamp - origin(tag)[1]
    assert ends[VIDEO] == ends[AUDIO]


def test_the_operators_break_survives_a_reconnect() -> None:
    """During a break a reconnecting publisher changes nothing; after the break live returns."""
    bench = SpliceBench()
    bench.connect()
    bench.play(3000)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.connect()
    bench.play(5000)
    assert Source.FALLBACK is bench.source()
    bench.take(bench.splice.hold_fallback(bench.now, held=False))
    bench.play(3000)
    assert Source.LIVE is bench.source()


def test_settle_requires_a_publisher_that_stays() -> None:
    """A publisher is shown only after it has been connected for `settle`."""
    bench = SpliceBench(Settings(settle=3000, standby=True))
    bench.pass_time(100)
    bench.connect()
    bench.play(2900)
    assert Source.FALLBACK is bench.source()
    bench.play(3000)
    assert Source.LIVE is bench.source()
