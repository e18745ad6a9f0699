"""Silence in the shape of a sequence header: its bits, its length, and what has no such shape."""

import pytest

from restream_agent.stream.flv import AUDIO, Tag
from restream_agent.stream.silence import LONGEST, SILENCE, STEREO, SilenceClock, can_be_silent, silence_like

INDEX = {96000: 0, 48000: 3, 44100: 4, 22050: 7, 8000: 11}
# Decoded by ffmpeg to silence: tests/media/test_silence.py.
FRAMES = {
    1: "0000 0007",
    2: "2100 0000 001c",
    3: "0000 0001 0800 0000 00e0",
    4: "0000 0001 0800 0000 0002 0000 07",
    5: "0000 0001 0800 0000 0023 0000 0000 1c",
    6: "0000 0001 0800 0000 0023 0000 0000 0c00 0000 e0",
    7: "0000 0001 0800 0000 0023 0000 0000 04a0 0000 0001 8000 001c",
}


def header(*numbers: tuple[int, int]) -> Tag:
    """Return a sequence header of numbers with so many bits."""
    bits = "".join(f"{number:0{count}b}" for number, count in numbers)
    bits += "0" * (-len(bits) % 8)
    return Tag(AUDIO, 0, b"\xaf\x00" + int(bits, 2).to_bytes(len(bits) // 8, "big"))


@pytest.mark.parametrize(("channels", "frame"), FRAMES.items())
def test_each_number_of_channels_has_its_frame(channels: int, frame: str) -> None:
    """Mono, stereo, and so on to 7.1."""
    shape = header((2, 5), (3, 4), (channels, 4), (0, 3))
    silence = silence_like(shape)
    assert silence is not None
    assert (silence.header, silence.body) == (shape, b"\xaf\x01" + bytes.fromhex(frame))


@pytest.mark.parametrize(("rate", "index"), INDEX.items())
def test_a_frame_lasts_1024_samples(rate: int, index: int) -> None:
    """At each rate."""
    silence = silence_like(header((2, 5), (index, 4), (2, 4), (0, 3)))
    assert silence is not None
    assert silence.duration == 1024 * 1000 / rate


def test_rate_and_length_may_be_spelled_out() -> None:
    """A rate of 24 bits; 960 samples; HE-AAC, whose core has half the rate."""
    explicit = header((2, 5), (15, 4), (48000, 24), (2, 4), (0, 3))
    short = header((2, 5), (3, 4), (2, 4), (1, 1), (0, 2))
    extended = header((5, 5), (6, 4), (2, 4), (3, 4), (2, 5), (0, 3))
    reserved = header((5, 5), (6, 4), (2, 4), (13, 4), (2, 5), (0, 3))
    shapes = [silence_like(each) for each in (explicit, short, extended, reserved)]
    assert [shape and shape.duration for shape in shapes] == [1024 / 48, 20.0, 1024 / 24, 1024 / 24]


@pytest.mark.parametrize(("rate", "is_known"), [(7349, False), (7350, True), (96000, True), (96001, False)])
def test_a_rate_that_is_spelled_out_is_one_of_aac(rate: int, *, is_known: bool) -> None:
    """From 7350 to 96000."""
    shape = header((2, 5), (15, 4), (rate, 24), (2, 4), (0, 3))
    assert (silence_like(shape) is not None) is is_known


def test_aac_and_mp3_can_be_silent() -> None:
    """Other codecs have no silence here."""
    bodies = (b"\xaf\x01abc", b"\x2f\xff\xfb\x90\x64abc", b"\x2fabc", b"\x91Opusabc")
    assert [can_be_silent(Tag(AUDIO, 0, body)) for body in bodies] == [True, True, False, False]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        Tag(AUDIO, 0, b"\xaf\x00"),
        Tag(AUDIO, 0, b"\xaf\x00\x11"),
        Tag(AUDIO, 0, b"\xaf\x01\x11\x90"),
        Tag(AUDIO, 0, b"\x2f\x00\x11\x90"),
        header((1, 5), (3, 4), (2, 4), (0, 3)),
        header((5, 5), (6, 4), (2, 4), (3, 4), (1, 5), (0, 3)),
        header((2, 5), (13, 4), (2, 4), (0, 3)),
        header((2, 5), (3, 4), (0, 4), (0, 3)),
        header((2, 5), (3, 4), (8, 4), (0, 3)),
        header((2, 5), (15, 4), (1, 24), (2, 4), (0, 3)),
        header((2, 5), (15, 4), (2**24 - 1, 24), (2, 4), (0, 3)),
    ],
)
def test_what_is_no_known_shape_has_no_silence(odd: Tag | None) -> None:
    """Another codec, another object type, a layout of its own, a rate that cannot be."""
    assert silence_like(odd) is None


def test_silence_without_any_sound_before_it_is_stereo() -> None:
    """48 kHz."""
    assert silence_like(STEREO) == SILENCE


def test_the_frames_follow_the_sound_and_end_in_time() -> None:
    """The next frame would end after the end."""
    assert SilenceClock().stamps(SILENCE.duration, 1000, 1085) == [1021, 1043]
    assert SilenceClock().stamps(SILENCE.duration, 1000, 1086) == [1021, 1043, 1064]
    assert SilenceClock().stamps(SILENCE.duration, 1000, 1042) == []
    assert SilenceClock().stamps(SILENCE.duration, 1000, 1043) == [1021]


def test_frames_that_are_asked_for_one_by_one_have_no_other_timestamps() -> None:
    """The errors of whole ms do not add up."""
    clock, together = SilenceClock(), SilenceClock().stamps(SILENCE.duration, 0, 9000)
    one_by_one, last = list[int](), 0
    for end in range(0, 9001, 10):
        one_by_one += clock.stamps(SILENCE.duration, last, end)
        last = one_by_one[-1] if one_by_one else 0
    assert one_by_one == together


def test_a_long_gap_is_filled_at_its_end() -> None:
    """The work is bounded."""
    stamps = SilenceClock().stamps(SILENCE.duration, 0, 1 << 40)
    assert len(stamps) == int(LONGEST / SILENCE.duration)
    assert (1 << 40) - 2 * SILENCE.duration <= stamps[-1] <= (1 << 40) - SILENCE.duration + 1
