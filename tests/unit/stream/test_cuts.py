"""When the program cuts, and to what: the lead, bursts, headers of a hidden source, sound alone."""

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.held import HELD_LIMIT
from restream_agent.stream.radio import ALONE_AFTER
from restream_agent.stream.silence import STEREO
from restream_agent.stream.timeline import LIVE_LEAD_LIMIT, SHOWN
from tests.unit.stream.flv_making import origin, parameters, picture, sound
from tests.unit.stream.splice_bench import FALLBACK, SpliceBench, on_air


def standby() -> SpliceBench:
    """Return a bench that shows the fallback, with a publisher of whom nothing has come."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(1000)
    bench.take(bench.splice.live_started(bench.now))
    return bench


def send(bench: SpliceBench, *tags: Tag) -> None:
    """Have tags arrive now."""
    for tag in tags:
        bench.take(bench.splice.live_tag(tag, bench.now))


def in_time(bench: SpliceBench) -> None:
    """Have a keyframe and 300 ms of pictures arrive at once, and another picture 40 ms later."""
    send(bench, picture(7000, 1, is_keyframe=True))
    send(bench, *(picture(7000 + at, 1, is_keyframe=False) for at in range(20, 320, 20)))
    bench.pass_time(40)
    send(bench, picture(7340, 1, is_keyframe=False))


@pytest.mark.parametrize(("lead", "shown"), [(110, Source.LIVE), (111, Source.FALLBACK)])
def test_a_cut_to_live_keeps_the_lead_within_its_limit(lead: int, shown: Source) -> None:
    """340 ms of a candidate fit behind a lead of 110 ms, which pictures that are shown late may leave."""
    bench = standby()
    in_time(bench)
    bench.timeline.last[SHOWN] = bench.now + 20 + lead - 1
    bench.pass_time(20)
    assert bench.source() is shown


@pytest.mark.parametrize(
    ("lead", "shown"), [(LIVE_LEAD_LIMIT, Source.LIVE), (LIVE_LEAD_LIMIT + 1, Source.FALLBACK)]
)
def test_a_cut_to_a_stream_in_bursts_needs_room_for_a_tag(lead: int, shown: Source) -> None:
    """Its keyframe has waited for 200 ms, as the first pictures of its bursts do."""
    bench = standby()
    for at in range(0, 3620, 20):
        send(bench, picture(at - (700 if at % 40 else 500), 1, is_keyframe=False))
        bench.pass_time(20)
    send(bench, picture(3620 - 500, 1, is_keyframe=True))
    bench.timeline.last[SHOWN] = bench.now + 200 + lead - 1
    bench.pass_time(199)
    assert bench.source() is Source.FALLBACK
    bench.pass_time(1)
    assert bench.source() is shown


def test_a_broadcast_begins_when_its_first_keyframe_was_made() -> None:
    """Nothing was sent before, so it may lie in the past."""
    bench = SpliceBench(now=3000)
    bench.take(bench.splice.live_started(bench.now))
    in_time(bench)
    bench.pass_time(20)
    at, first = bench.media()[0]
    assert (at, first.timestamp, origin(first)[1]) == (3060, 3060 - 340, 7000)


def test_a_broadcast_without_any_sound_begins_with_stereo() -> None:
    """A relay's ffmpeg has to know of the silence that will come."""
    bench = SpliceBench(fallback=[])
    bench.take(bench.splice.live_started(bench.now))
    in_time(bench)
    bench.pass_time(20)
    assert [tag.body for _, tag in bench.sent if tag.is_sequence_header] == [STEREO.body]


def test_the_program_wakes_for_a_stall() -> None:
    """A second after the last picture, if no other comes."""
    bench = on_air()
    last = next(at for at, tag in reversed(bench.sent) if tag.kind == VIDEO)
    assert bench.splice.next_wake(bench.now) == last + 1000


@pytest.mark.parametrize(("beyond", "shown"), [(0, Source.LIVE), (1, Source.FALLBACK)])
def test_a_burst_that_is_too_long_is_an_overrun(beyond: int, shown: Source) -> None:
    """HELD_LIMIT is held back, and is sent in its time."""
    bench = on_air()
    end = bench.now + HELD_LIMIT - bench.timeline.ahead_by(0, 0) + beyond
    send(bench, *(picture(at, 1, is_keyframe=False) for at in range(bench.position, end, 40)))
    assert bench.source() is Source.LIVE
    send(bench, picture(end, 1, is_keyframe=False))
    assert bench.source() is shown


@pytest.mark.parametrize(("beyond", "is_heard"), [(0, True), (1, False)])
def test_sound_that_is_too_far_ahead_is_left_out(beyond: int, *, is_heard: bool) -> None:
    """HELD_LIMIT of it is held back."""
    bench = on_air()
    ahead = bench.now + HELD_LIMIT - bench.timeline.ahead_by(0, 0) + beyond
    send(bench, sound(ahead, 1))
    bench.play(HELD_LIMIT + 100)
    assert ((1, ahead) in {origin(tag) for _, tag in bench.media()}) is is_heard


def test_headers_of_a_source_that_is_not_shown_are_not_sent() -> None:
    """The fallback's sound and pictures go on with theirs."""
    bench = standby()
    bench.sent.clear()
    send(bench, parameters(VIDEO, 1), parameters(AUDIO, 1))
    bench.pass_time(500)
    assert not any(tag.is_sequence_header for _, tag in bench.sent)
    assert {origin(tag)[0] for _, tag in bench.media()} == {FALLBACK}


def test_sound_alone_is_heard_after_a_while() -> None:
    """ALONE_AFTER from the beginning of the connection, to the millisecond."""
    bench = standby()
    for at in range(0, ALONE_AFTER, 20):
        send(bench, sound(at, 1))
        bench.pass_time(20)
        assert not bench.splice.is_radio
    send(bench, sound(ALONE_AFTER, 1))
    assert bench.splice.is_radio


def test_sound_alone_brings_new_headers() -> None:
    """Those of its sound, and not those of a picture."""
    bench = standby()
    send(bench, parameters(AUDIO, 1))
    for at in range(0, 4000, 20):
        send(bench, sound(at, 1))
        bench.pass_time(20)
    bench.sent.clear()
    send(bench, parameters(VIDEO, 2), parameters(AUDIO, 2), sound(4000, 1))
    bench.pass_time(500)
    assert [tag.body for _, tag in bench.sent if tag.is_sequence_header] == [parameters(AUDIO, 2).body]
