"""Parameters that change on one connection: a phone that is turned."""

from restream_agent.stream.access_unit import with_parameters
from restream_agent.stream.flv import VIDEO, Tag
from restream_agent.stream.hand_off import Source
from tests.unit.stream.flv_making import picture
from tests.unit.stream.splice_bench import SpliceBench


def parameters(unit: bytes) -> Tag:
    """Return a sequence header of H.264 with one SPS and one PPS."""
    record = b"\x01\x64\x00\x1f\xff\xe1" + len(unit).to_bytes(2, "big") + unit + b"\x01\x00\x02\x68\x01"
    return Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00" + record)


WIDE, TALL = parameters(b"\x67wide"), parameters(b"\x67tall")


def connected() -> SpliceBench:
    """Return a program that is live with a wide picture."""
    bench = SpliceBench()
    bench.connect()
    bench.take(bench.splice.live_tag(WIDE, bench.now))
    bench.play(2000)
    assert bench.source() is Source.LIVE
    return bench


def test_new_parameters_come_before_and_inside_the_next_keyframe() -> None:
    """As at a cut between sources: some decoders read sequence headers at the beginning alone."""
    bench = connected()
    bench.sent.clear()
    bench.take(bench.splice.live_tag(TALL, bench.now))
    bench.play(1000)
    tags = [tag for _, tag in bench.sent if tag.kind == VIDEO]
    assert tags[0].body == TALL.body
    keyframe = picture(2000, bench.publishers, is_keyframe=True)
    assert tags[1].body == with_parameters(keyframe, TALL).body
    assert tags[2].body == picture(2040, bench.publishers, is_keyframe=False).body
    assert bench.splice.last_hand_off is not None
    assert bench.splice.last_hand_off.kind == "opening"


def test_parameters_that_are_repeated_change_nothing() -> None:
    """Some encoders send them before each keyframe."""
    bench = connected()
    bench.sent.clear()
    bench.take(bench.splice.live_tag(WIDE, bench.now))
    bench.play(1000)
    tags = [tag for _, tag in bench.sent if tag.kind == VIDEO]
    assert tags[0].body == picture(2000, bench.publishers, is_keyframe=True).body


def test_a_keyframe_of_the_parameters_before_is_not_cut_to() -> None:
    """A phone is turned while the program waits to see whether its keyframe is fresh."""
    bench = SpliceBench()
    bench.connect()
    for tag in (WIDE, picture(0, 1, is_keyframe=True), TALL):
        bench.take(bench.splice.live_tag(tag, bench.now))
    bench.pass_time(1000)
    assert bench.source() is Source.NONE
    bench.position = 2000
    bench.play(1000)
    assert bench.source() is Source.LIVE
    tags = [tag for _, tag in bench.sent if tag.kind == VIDEO]
    assert tags[0].body == TALL.body
    assert tags[1].is_keyframe
