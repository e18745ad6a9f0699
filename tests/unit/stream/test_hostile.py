"""A publisher may send anything: the program goes on, keeps its clock, and shows the next publisher."""

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.stream.flv import AUDIO, VIDEO, FlvError, Tag
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.input_rules import InputRules
from restream_agent.stream.timeline import LEAD_LIMIT
from restream_agent.stream.tracks import SLOWEST
from tests.attack.hostile import HostilePublisher, HostileStep, Material
from tests.unit.stream.flv_making import parameters, picture, stream
from tests.unit.stream.splice_bench import SpliceBench

GROUP = tuple((tag.timestamp, tag.kind, tag.body) for tag in stream(1, 0, 400, group=400)[2:])
MATERIAL = Material(tuple((kind, parameters(kind, 1).body) for kind in (VIDEO, AUDIO)), GROUP, 400)
LONGEST_SILENCE = SLOWEST + 100  # a stall of a publisher of few pictures, and the time of a picture
BACK_WITHIN = 5000
"""Milliseconds after which an honest publisher is live."""


def send(bench: SpliceBench, step: HostileStep, rules: InputRules | None) -> None:
    """Send a tag after its pause; a tag that breaks a rule ends the stream, and the next begins another."""
    if step.pause >= 1:
        bench.pass_time(round(step.pause))
    tag = Tag(step.kind, step.timestamp, step.body)
    try:
        if rules is not None:
            rules.check(tag, bench.now)
    except FlvError:
        bench.take(bench.splice.live_ended(bench.now))
        bench.take(bench.splice.live_started(bench.now))
    else:
        bench.take(bench.splice.live_tag(tag, bench.now))


def assert_kept(bench: SpliceBench) -> None:
    """Check that timestamps increase, that they are never far ahead, and that something was always sent."""
    last = {AUDIO: -1, VIDEO: -1}
    for at, tag in bench.media():
        assert tag.timestamp > last[tag.kind]
        assert tag.timestamp - at <= LEAD_LIMIT
        last[tag.kind] = tag.timestamp
    assert bench.timeline.end - bench.now <= LEAD_LIMIT
    times = [at for at, _ in bench.media()]
    assert max(second - first for first, second in itertools.pairwise([*times, bench.now])) < LONGEST_SILENCE


def assert_next_is_live(bench: SpliceBench) -> None:
    """Check that an honest publisher is live soon."""
    bench.connect()
    bench.play(BACK_WITHIN)
    assert bench.source() is Source.LIVE


@pytest.mark.parametrize("has_rules", [True, False])
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_a_publisher_sends_the_program_goes_on(has_rules: bool, seed: int) -> None:
    """With the rules for tags and without them: the core relies on no rule of another module."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(100)
    bench.take(bench.splice.live_started(bench.now))
    rules = InputRules() if has_rules else None
    for step in itertools.islice(HostilePublisher(Random(seed), MATERIAL).steps(), 3000):
        send(bench, step, rules)
    assert_kept(bench)
    assert_next_is_live(bench)


def late(timestamp: int, composition: int, *, is_keyframe: bool) -> Tag:
    """Return a picture that is shown `composition` ms after its timestamp."""
    tag = picture(timestamp, 1, is_keyframe=is_keyframe)
    return Tag(tag.kind, timestamp, tag.body[:2] + composition.to_bytes(3, "big") + tag.body[5:])


def test_a_picture_that_is_shown_much_later_silences_nothing() -> None:
    """The program cuts to it, and the tags after it do not wait for it; the core relies on no other rule."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(1000)
    bench.connect()
    bench.take(bench.splice.live_tag(late(0, 19_000, is_keyframe=True), bench.now))
    bench.position = 40
    bench.play(4000, group=10_000)
    times = [at for at, _ in bench.media()]
    assert bench.source() is Source.LIVE
    assert max(second - first for first, second in itertools.pairwise([*times, bench.now])) < 100
    assert_next_is_live(bench)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_leap_to_a_picture_that_is_shown_much_later_keeps_nobody_waiting(*, restarts: bool) -> None:
    """The next publisher is live within seconds, also after a restart of the program."""
    bench = SpliceBench()
    bench.connect()
    bench.play(2000)
    bench.take(bench.splice.live_tag(late(5000, 899_000, is_keyframe=True), bench.now))
    bench.pass_time(500)
    if restarts:
        bench.restart()
    assert_next_is_live(bench)


def test_tags_that_arrive_and_only_wait_are_a_stall() -> None:
    """The stall counts from the last tag that was sent."""
    bench = SpliceBench(Settings(stall=300))
    bench.connect()
    bench.play(2000)
    for number in range(1, 5):
        bench.take(bench.splice.live_tag(picture(2000 + 450 * number, 1, is_keyframe=False), bench.now))
    bench.pass_time(600)
    assert bench.splice.last_hand_off is not None
    assert bench.splice.last_hand_off.kind == "stall"


def test_tags_without_end_at_one_timestamp_are_an_overrun() -> None:
    """What is held is bounded in tags, and in bytes."""
    for size, count in ((10, 5000), (1_000_000, 1000)):
        bench = SpliceBench()
        bench.connect()
        bench.play(2000)
        body = b"\x27\x01" + bytes(size)
        for _ in range(count):
            bench.take(bench.splice.live_tag(Tag(VIDEO, 2000, body), bench.now))
        assert bench.source() is Source.FALLBACK
