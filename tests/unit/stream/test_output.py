"""What is sent beside the tags of a source: its parameters, and silence in gaps."""

from itertools import pairwise

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.output import Output, Sound
from restream_agent.stream.timeline import Timeline
from restream_agent.stream.tracks import LATEST
from tests.unit.stream.flv_making import is_silence, parameters, picture, sound

MONO_44100 = Tag(AUDIO, 0, b"\xaf\x00\x12\x08")
HEADERS = {VIDEO: parameters(VIDEO, 1), AUDIO: parameters(AUDIO, 1)}


def begun() -> Output:
    """Return an output that has sent a picture and 100 ms of sound, from 0 on."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    output = Output(timeline)
    output.cut_to(Sound.LIVE, HEADERS)
    output.put(picture(0, 1, is_keyframe=True), 0)
    for at in (0, 50, 100):
        output.put(sound(at, 1), at)
    return output


def test_sound_whose_shape_changes_has_its_header_in_front() -> None:
    """Not before: the sound until then is of the other shape."""
    output = begun()
    assert output.change(MONO_44100) == []
    sent = output.put(sound(121, 1), 121)
    assert [tag.body for tag in sent] == [MONO_44100.body, sound(121, 1).body]
    assert len(output.put(sound(142, 1), 142)) == 1


def test_a_picture_whose_parameters_change_has_them_in_front_at_once() -> None:
    """The same parameters again are not sent."""
    output = begun()
    turned = parameters(VIDEO, 2)
    assert [tag.body for tag in output.change(turned)] == [turned.body]
    assert output.change(turned) == []
    assert output.headers[AUDIO].body == HEADERS[AUDIO].body


@pytest.mark.parametrize(("gap", "is_filled"), [(499, False), (500, True)])
def test_a_gap_of_half_a_second_is_filled(gap: int, is_filled: bool) -> None:
    """A shorter one stays: frames of a clump may have one timestamp."""
    sent = begun().put(sound(100 + gap, 1), 100 + gap)
    assert any(map(is_silence, sent)) == is_filled
    assert sent[-1].timestamp == 100 + gap


def test_silence_that_has_begun_goes_on_without_a_gap() -> None:
    """Frame by frame, up to the sound."""
    output = begun()
    output.put(picture(LATEST + 700, 1, is_keyframe=False), LATEST + 700)
    assert output.sound is Sound.SILENCE
    sent = output.put(sound(800, 1), LATEST + 710)
    assert (sent[0].timestamp, sent[-1].body, output.sound) == (697, sound(800, 1).body, Sound.LIVE)


def test_silence_takes_the_shape_of_the_sound_before_it() -> None:
    """Its sequence header is not sent again; of a shape that is not known, it is that of before."""
    output = begun()
    output.change(MONO_44100)
    output.put(sound(121, 1), 121)
    sent = output.put(sound(1000, 1), 1000)
    assert {tag.body for tag in sent[:-1]} == {b"\xaf\x01" + bytes.fromhex("0000 0007")}
    output.change(Tag(AUDIO, 0, b"\xaf\x00\x0a\x00\x00"))
    output.put(sound(1021, 1), 1021)
    sent = output.put(sound(2000, 1), 2000)
    assert [tag.body for tag in sent[:1]] == [MONO_44100.body]
    assert [tag.body for tag in sent[-2:]] == [b"\xaf\x00\x0a\x00\x00", sound(2000, 1).body]


def test_the_first_silence_begins_with_the_first_picture() -> None:
    """Also if that is at the very beginning."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    output = Output(timeline)
    output.cut_to(Sound.LIVE, {VIDEO: HEADERS[VIDEO]}, HEADERS[AUDIO])
    sent = [tag for at in (0, 700) for tag in output.put(picture(at, 1, is_keyframe=at == 0), at)]
    silence = [tag.timestamp for tag in sent if is_silence(tag)]
    assert silence[0] == 0


def silence_of(*, announced: bool) -> tuple[list[int], list[int]]:
    """Return the silence of pictures of 4 s without sound; its header comes after a while if announced."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    output = Output(timeline)
    output.cut_to(Sound.LIVE, {VIDEO: HEADERS[VIDEO]}, HEADERS[AUDIO])
    sent = []
    for at in range(0, 4000, 40):
        if announced and at == 200:
            output.change(HEADERS[AUDIO])
        sent += output.put(picture(at, 1, is_keyframe=at == 0), at)
    silence = [(place, tag.timestamp) for place, tag in enumerate(sent) if is_silence(tag)]
    return [place for place, _ in silence], [stamp for _, stamp in silence]


def test_a_broadcast_without_sound_begins_with_silence_at_once() -> None:
    """A relay shows nothing before its first sound. What follows leaves sound its 2 s to come."""
    places, stamps = silence_of(announced=False)
    assert stamps[0] == 0
    assert places[0] <= 20
    assert stamps[-1] <= 2000
    assert {second - first for first, second in pairwise(stamps)} <= {21, 22}


def test_sound_that_was_announced_is_waited_for() -> None:
    """It may come 2 s after its picture, and then it is heard."""
    places, _ = silence_of(announced=True)
    assert places[0] > 50


def test_sound_at_the_very_beginning_is_sound() -> None:
    """A timestamp of 0 is one."""
    timeline = Timeline()
    timeline.begin(0, 0, 0)
    output = Output(timeline)
    output.cut_to(Sound.LIVE, HEADERS)
    output.put(sound(0, 1), 0)
    sent = output.put(sound(600, 1), 600)
    assert sent[0].timestamp == 21


def test_a_source_without_a_header_keeps_that_of_before() -> None:
    """The usual header is for a program that has sent none."""
    timeline = Timeline()
    output = Output(timeline)
    first = output.cut_to(Sound.LIVE, {VIDEO: HEADERS[VIDEO]}, MONO_44100)
    assert [tag.body for tag in first] == [HEADERS[VIDEO].body, MONO_44100.body]
    second = output.cut_to(Sound.LIVE, {VIDEO: HEADERS[VIDEO]}, HEADERS[AUDIO])
    assert [tag.body for tag in second] == [HEADERS[VIDEO].body]
