"""The program's sound when live has MP3: no tag of AAC beside it, and silence in MP3."""

from itertools import pairwise

from restream_agent.stream.enhanced import codec
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.mp3 import mp3_shape
from tests.unit.stream.flv_making import as_mp3, parameters, picture, stream
from tests.unit.stream.splice_bench import FALLBACK_FILE, SpliceBench, on_air

FRAME = b"\x2f\xff\xfb\x90\x64"
LASTS = 26
MP3_FALLBACK = as_mp3(FALLBACK_FILE)


def play(bench: SpliceBench, milliseconds: int, *, has_sound: bool) -> None:
    """Have the publisher send so many ms of pictures and MP3, in real time."""
    pictures = [picture(at, 1, is_keyframe=at % 1000 == 0) for at in range(0, milliseconds, 40)]
    sounds = [Tag(AUDIO, at, FRAME + bytes(40)) for at in range(0, milliseconds, LASTS)] if has_sound else []
    first, begun = bench.position, bench.now
    for tag in sorted([*pictures, *sounds], key=lambda tag: tag.timestamp):
        if begun + tag.timestamp > bench.now:
            bench.pass_time(begun + tag.timestamp - bench.now)
        bench.take(bench.splice.live_tag(Tag(tag.kind, first + tag.timestamp, tag.body), bench.now))
    bench.position += milliseconds


def opened() -> SpliceBench:
    """Return a program that opens with pictures and MP3."""
    bench = SpliceBench()
    bench.publishers, bench.position = 1, 0
    bench.take(bench.splice.live_started(0))
    bench.take(bench.splice.live_tag(parameters(9, 1), 0))
    play(bench, 3000, has_sound=True)
    return bench


def sounds(bench: SpliceBench) -> list[Tag]:
    """Return all tags of sound that were sent, parameters too."""
    return [tag for _, tag in bench.sent if tag.kind == AUDIO]


def test_mp3_is_all_sound_that_a_relay_gets() -> None:
    """ffmpeg takes the first sound of a connection, parameters of AAC too, for all that there will be."""
    assert {tag.body for tag in sounds(opened())} == {FRAME + bytes(40)}


def test_sound_that_stops_is_followed_by_silence_in_mp3() -> None:
    """In its shape; timestamps increase, and none comes twice."""
    bench = opened()
    bench.sent.clear()
    play(bench, 6000, has_sound=False)
    silence = sounds(bench)
    assert len(silence) > 100
    assert {mp3_shape(tag) for tag in silence} == {mp3_shape(Tag(AUDIO, 0, FRAME))}
    assert all(not any(tag.body[5:]) for tag in silence)
    stamps = [tag.timestamp for tag in silence]
    assert stamps == sorted(set(stamps))
    assert {second - first for first, second in pairwise(stamps)} <= {26, 27}


def test_a_fallback_with_sound_in_another_codec_is_heard_as_silence() -> None:
    """A relay takes no AAC after MP3, and would have no sound until there is a fallback in MP3."""
    bench = opened()
    bench.take(bench.splice.live_ended(bench.now))
    begun = bench.now
    bench.sent.clear()
    bench.pass_time(4000)
    assert bench.splice.is_muted
    silence = sounds(bench)
    assert {mp3_shape(tag) for tag in silence} == {mp3_shape(Tag(AUDIO, 0, FRAME))}
    stamps = [tag.timestamp for tag in silence]
    assert stamps[-1] >= begun + 3500
    assert max(second - first for first, second in pairwise(stamps)) <= 27


def test_a_muted_fallback_is_silent_from_its_first_picture_on() -> None:
    """A relay holds pictures back until it has the sound beside them: platforms would get nothing.

    A frame of silence is sent when it has ended, so at most two pictures are without.
    """
    two_pictures = 2 * 40 + 2
    bench = opened()
    before = sounds(bench)[-1].timestamp
    bench.take(bench.splice.live_ended(bench.now))
    begun = bench.now
    bench.sent.clear()
    bench.pass_time(1000)
    pictures = [(at, tag.timestamp) for at, tag in bench.sent if tag.kind == VIDEO]
    sound = [(at, tag.timestamp) for at, tag in bench.sent if tag.kind == AUDIO]
    assert sound[0][1] - before <= 27
    assert max(second - first for (first, _), (second, _) in pairwise([(begun, 0), *sound])) <= two_pictures
    for at, stamp in pictures:
        heard = max([before, *(stamp for sound_at, stamp in sound if sound_at <= at)])
        assert stamp - heard <= two_pictures


def sound_codecs(bench: SpliceBench) -> set[str]:
    """Return the codecs of all sound that was sent."""
    return {codec(tag) for tag in sounds(bench)}


def test_a_publisher_that_is_not_heard_decides_nothing() -> None:
    """Another publisher, who is not shown, does not change what the relays have."""
    bench = opened()
    bench.take(bench.splice.live_started(bench.now))
    for tag in stream(2, 0, 100):
        if tag.kind == AUDIO:
            bench.take(bench.splice.live_tag(tag, bench.now))
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(3000)
    assert sound_codecs(bench) == {"mp3"}


def test_silence_in_place_of_live_sound_decides_about_the_fallback_s() -> None:
    """A publisher without sound has opened the broadcast."""
    bench = SpliceBench(fallback=MP3_FALLBACK)
    bench.publishers, bench.position = 1, 0
    bench.take(bench.splice.live_started(0))
    bench.take(bench.splice.live_tag(parameters(9, 1), 0))
    play(bench, 3000, has_sound=False)
    assert bench.splice.output.codec == "aac"
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(3000)
    assert bench.splice.is_muted
    assert sound_codecs(bench) == {"aac"}


def test_the_sound_that_is_heard_decides_in_the_end() -> None:
    """Without a relay, a publisher with another codec may follow. The fallback is muted after that."""
    bench = on_air()
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(1000)
    assert not bench.splice.is_muted
    bench.publishers, bench.position = 2, 0
    bench.take(bench.splice.live_started(bench.now))
    bench.take(bench.splice.live_tag(parameters(9, 1), bench.now))
    play(bench, 3000, has_sound=True)
    bench.take(bench.splice.live_ended(bench.now))
    bench.sent.clear()
    bench.pass_time(3000)
    assert bench.splice.is_muted
    assert sound_codecs(bench) == {"mp3"}
