"""The program's two tracks, whatever the two tracks of a publisher do."""

import itertools
from dataclasses import replace

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.output import Sound
from restream_agent.stream.tracks import LATEST, Missing
from tests.unit.stream.flv_making import origin, parameters, picture
from tests.unit.stream.splice_bench import FALLBACK, SpliceBench
from tests.unit.stream.uneven_source import (
    PICTURES,
    SOUNDS,
    Track,
    heard,
    longest_gap,
    offsets,
    send,
    silences,
    stamps,
)

LATE = 1900


def hand_offs(bench: SpliceBench) -> int:
    """Return how often the source of the pictures changed."""
    sources = [origin(tag)[0] for _, tag in bench.media() if tag.kind == VIDEO]
    return sum(first != second for first, second in itertools.pairwise(sources))


def test_a_source_without_sound_has_silence_two_seconds_after_its_pictures() -> None:
    """From its first picture on, as long as it lasts, at the rate of 48 kHz."""
    bench = SpliceBench()
    send(bench, 12_000, sounds=None)
    times = stamps(bench, AUDIO)
    assert (times[0], hand_offs(bench)) == (stamps(bench, VIDEO)[0], 0)
    assert abs(times[-1] - (stamps(bench, VIDEO)[-1] - LATEST)) < 50
    assert abs(len(times) * 1024 / 48 - (times[-1] - times[0])) < 30
    assert longest_gap(times) == 22


def test_silence_has_its_sequence_header_in_front() -> None:
    """Before the first picture, in the shape of the fallback, so that a relay knows of the sound."""
    bench = SpliceBench()
    bench.take(bench.splice.live_started(bench.now))
    for at in range(0, 120, 40):
        bench.pass_time(40)
        bench.take(bench.splice.live_tag(picture(at, 1, is_keyframe=at == 0), bench.now))
    assert next(tag.body for _, tag in bench.sent) == parameters(AUDIO, FALLBACK).body


def test_sound_of_another_codec_gets_no_silence() -> None:
    """ffmpeg and platforms take one codec within a connection."""
    bench = SpliceBench()
    send(bench, 3000, sounds=None)
    opus = Tag(AUDIO, 3000, b"\x91Opus" + bytes(20))
    bench.take(bench.splice.live_tag(opus, bench.now))
    before = len(silences(bench))
    bench.position = 3000
    for at in range(3000, 8000, 40):
        bench.pass_time(40)
        bench.take(bench.splice.live_tag(picture(at, 1, is_keyframe=False), bench.now))
    assert (len(silences(bench)), bench.splice.sound) == (before, Sound.LIVE)


@pytest.mark.parametrize("begin", [3000, 10_000])
def test_sound_that_begins_late_is_heard_when_it_comes(begin: int) -> None:
    """Silence is filled up to it, and it is in step with the pictures."""
    bench = SpliceBench()
    send(bench, begin + 4000, sounds=replace(SOUNDS, begin=begin))
    assert heard(bench, 1)[0] - begin < 150
    assert offsets(bench, AUDIO) == offsets(bench, VIDEO)
    assert longest_gap(stamps(bench, AUDIO)) < 60


@pytest.mark.parametrize("late", [300, 900, 1500, LATE])
def test_sound_that_comes_late_is_in_time(late: int) -> None:
    """No hand-off, no silence, and in step."""
    bench = SpliceBench()
    send(bench, 15_000, sounds=replace(SOUNDS, late=late))
    assert (hand_offs(bench), silences(bench)) == (0, [])
    assert offsets(bench, AUDIO) == offsets(bench, VIDEO)
    assert longest_gap(stamps(bench, AUDIO)) == 22


def test_sound_that_comes_too_late_is_silence() -> None:
    """It would be heard beside another picture."""
    bench = SpliceBench()
    send(bench, 15_000, sounds=replace(SOUNDS, late=3000))
    assert heard(bench, 1)[10:] == []
    assert bench.splice.sound is Sound.SILENCE
    assert longest_gap(stamps(bench, AUDIO)) < 60


@pytest.mark.parametrize("ahead", [300, 1500])
def test_pictures_that_come_after_their_sound_are_not_held_up(ahead: int) -> None:
    """The sound waits for them; there is no hand-off."""
    bench = SpliceBench()
    send(bench, 15_000, pictures=replace(PICTURES, late=ahead))
    assert (hand_offs(bench), bench.source()) == (0, Source.LIVE)
    assert offsets(bench, AUDIO) == offsets(bench, VIDEO)
    sent = [at for at, tag in bench.media() if tag.kind == VIDEO]
    assert max(at - (origin(tag)[1] + ahead) for at, tag in bench.media() if tag.kind == VIDEO) <= 100
    assert longest_gap(sent) <= 100


@pytest.mark.parametrize("clump", [16, 40])
def test_sound_in_clumps_is_heard_whole(clump: int) -> None:
    """As from an SRT bridge, at 60 pictures a second."""
    bench = SpliceBench()
    send(bench, 10_000, replace(PICTURES, step=1000 / 60), replace(SOUNDS, clump=clump))
    assert (hand_offs(bench), silences(bench)) == (0, [])
    assert offsets(bench, AUDIO) == offsets(bench, VIDEO)


def test_a_picture_that_stops_is_a_stall_though_the_sound_goes_on() -> None:
    """The fallback comes after `stall`, and live returns with the picture."""
    bench = SpliceBench(Settings(stall=1000))
    send(bench, 12_000, pictures=replace(PICTURES, pauses=((4000, 8000),)))
    stall = next(at for at, tag in bench.media() if origin(tag)[0] == FALLBACK)
    assert 4960 <= stall <= 5060
    assert (hand_offs(bench), bench.source()) == (2, Source.LIVE)


def test_a_stall_says_what_has_stopped() -> None:
    """The picture alone, or all."""
    for sounds, stalled in (
        (SOUNDS, Missing.PICTURE),
        (None, Missing.ALL),
        (Track(21, end=4000), Missing.ALL),
    ):
        bench = SpliceBench(Settings(stall=1000))
        send(bench, 5500, replace(PICTURES, end=4000), sounds)
        bench.pass_time(1000)
        assert bench.splice.last_hand_off is not None
        assert (bench.splice.last_hand_off.kind, bench.splice.last_hand_off.stalled) == ("stall", stalled)


def test_sound_that_stops_is_no_hand_off() -> None:
    """The picture stays, silence is put in, and the sound is back in step."""
    bench = SpliceBench(Settings(stall=1000))
    send(bench, 8000, sounds=replace(SOUNDS, pauses=((4000, 32_000),)))
    assert (bench.source(), bench.splice.missing(bench.now)) == (Source.LIVE, Missing.SOUND)
    assert (bench.splice.sound, longest_gap(stamps(bench, AUDIO))) == (Sound.SILENCE, 22)
    bench = SpliceBench(Settings(stall=1000))
    send(bench, 36_000, sounds=replace(SOUNDS, pauses=((4000, 32_000),)))
    assert (hand_offs(bench), bench.splice.sound) == (0, Sound.LIVE)
    assert offsets(bench, AUDIO) == offsets(bench, VIDEO)
    assert len(offsets(bench, AUDIO)) == 1
    assert longest_gap(stamps(bench, AUDIO)) < 60


@pytest.mark.parametrize("step", [500, 1000, 1500])
def test_a_source_of_few_pictures_does_not_flap(step: int) -> None:
    """With `stall` of a second, with and without sound."""
    for sounds in (None, SOUNDS):
        bench = SpliceBench(Settings(stall=1000))
        send(bench, 30_000, Track(step), sounds)
        assert (hand_offs(bench), bench.source()) == (0, Source.LIVE)


def test_a_source_of_few_pictures_stalls_after_three_of_them() -> None:
    """It is not waited for without end."""
    bench = SpliceBench(Settings(stall=1000))
    send(bench, 12_000, Track(500), None)
    at = bench.now
    bench.pass_time(1400)
    assert bench.source() is Source.LIVE
    bench.pass_time(200)
    assert (bench.source(), at) == (Source.FALLBACK, 11_500)


def test_a_picture_that_comes_late_is_shown_at_its_first_keyframe() -> None:
    """Until then the sound is heard over the fallback's pictures."""
    bench = SpliceBench(Settings(opening=5000))
    send(bench, 12_000, pictures=replace(PICTURES, begin=7000))
    first = next(at for at, tag in bench.media() if tag.kind == VIDEO and origin(tag)[0] == 1)
    assert first - 7000 < 100
    assert 5000 <= heard(bench, 1)[0] < 5100
    assert (hand_offs(bench), bench.splice.sound) == (1, Sound.LIVE)
    assert longest_gap(stamps(bench, AUDIO)) < 100


def test_a_publisher_without_pictures_is_heard_over_those_of_the_fallback() -> None:
    """The fallback's own sound is heard again `stall` after the publisher's has stopped."""
    bench = SpliceBench(Settings(standby=True, stall=1000))
    bench.pass_time(2000)
    send(bench, 10_000, pictures=None)
    assert (bench.source(), bench.splice.sound) == (Source.FALLBACK, Sound.LIVE)
    assert len(offsets(bench, AUDIO)) == 1
    assert longest_gap(stamps(bench, VIDEO)) <= 46
    assert max(heard(bench, FALLBACK)) < 5100
    bench.pass_time(3000)
    assert bench.splice.sound is Sound.FALLBACK
    assert longest_gap(stamps(bench, AUDIO)) < 550
    assert longest_gap(stamps(bench, VIDEO)) <= 46


def test_the_end_of_a_publisher_without_pictures_gives_the_fallback_its_sound_back() -> None:
    """At once."""
    bench = SpliceBench(Settings(standby=True))
    send(bench, 8000, pictures=None)
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(600)
    assert bench.splice.sound is Sound.FALLBACK
    assert longest_gap(stamps(bench, AUDIO)) < 550


def test_a_break_silences_a_publisher_without_pictures() -> None:
    """The operator's break is the fallback's, sound and picture."""
    bench = SpliceBench(Settings(standby=True))
    send(bench, 8000, pictures=None)
    bench.take(bench.splice.hold_fallback(bench.now, held=True))
    bench.pass_time(1000)
    assert bench.splice.sound is Sound.FALLBACK


def test_at_a_drop_the_fallback_begins_after_all_that_was_sent() -> None:
    """Sound that was to come is lost; silence stands for it."""
    bench = SpliceBench()
    send(bench, 8000, sounds=replace(SOUNDS, late=1500))
    before = bench.timeline.end
    bench.take(bench.splice.live_ended(bench.now))
    bench.pass_time(1000)
    first = next(tag for _, tag in bench.media() if origin(tag)[0] == FALLBACK)
    assert before < first.timestamp
    assert longest_gap(stamps(bench, AUDIO)) < 150
    assert silences(bench)


def test_at_a_return_sound_from_before_the_keyframe_is_dropped() -> None:
    """What is heard belongs to pictures that are shown."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(1000)
    send(bench, 8000, sounds=replace(SOUNDS, late=1500))
    shown = min(origin(tag)[1] for _, tag in bench.media() if origin(tag)[0] == 1 and tag.kind == VIDEO)
    first = min(origin(tag)[1] for _, tag in bench.media() if origin(tag)[0] == 1 and tag.kind == AUDIO)
    assert shown <= first <= shown + 22
    assert offsets(bench, AUDIO) == offsets(bench, VIDEO)


def test_a_fallback_without_sound_has_silence() -> None:
    """Beside its pictures, because its sound does not come late."""
    bench = SpliceBench(Settings(standby=True))
    silent = [tag for tag in bench.fallback if tag.kind == VIDEO]
    bench.fallback = silent
    bench.pass_time(8000)
    assert bench.splice.sound is Sound.SILENCE
    assert longest_gap(stamps(bench, AUDIO)) == 22
    assert bench.now - stamps(bench, AUDIO)[-1] < 200
