"""The fallback's file, round after round, and its pace."""

import struct

import pytest

from restream_agent.stream.flv import AUDIO, SCRIPT, VIDEO, Tag
from restream_agent.stream.sources import FallbackLoop
from tests.unit.stream.flv_making import parameters, picture, sound


def file(seconds: float | None = None, first: int = 1000) -> list[Tag]:
    """Return a file of three pictures, perhaps with a stated duration; a stray picture is in front."""
    stated = b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x01\x00\x08duration\x00" + struct.pack(
        ">d", seconds or 0
    )
    pictures = [picture(first + at, 0, is_keyframe=at == 0) for at in (0, 40, 80)]
    return [
        Tag(SCRIPT, 0, stated),
        parameters(VIDEO, 0),
        picture(first - 40, 0, is_keyframe=False),
        *pictures,
    ]


def loop_of(tags: list[Tag]) -> FallbackLoop:
    """Return a loop that begins at 0."""
    loop = FallbackLoop(lambda: tags)
    loop.rewind(0)
    return loop


def rounds(tags: list[Tag], milliseconds: int) -> list[int]:
    """Return the timestamps of what is played in so many ms."""
    loop, played = loop_of(tags), list[int]()
    for now in range(1, milliseconds + 1):
        loop.move(now, 0)
        played += [tag.timestamp for tag in loop.due()]
    return played


@pytest.mark.parametrize(
    ("seconds", "second", "third"), [(None, 1081, 1162), (0.05, 1081, 1162), (0.2, 1200, 1400)]
)
def test_a_round_lasts_as_long_as_the_file_says(seconds: float | None, second: int, third: int) -> None:
    """And to its last tag at the least."""
    tags = [tag for tag in file(seconds) if not tag.is_media or tag.timestamp >= 1000]
    played = rounds(tags, 500)
    assert played[:7] == [1000, 1040, 1080, second, second + 40, second + 80, third]


def test_the_longer_track_ends_the_round() -> None:
    """No sound of a round comes after a picture of the next."""
    assert rounds([*file()[3:], sound(1100, 0)], 200)[:5] == [1000, 1040, 1080, 1100, 1101]


def test_the_loop_begins_at_the_first_keyframe() -> None:
    """With the parameters from before it; without a keyframe there is nothing to play."""
    loop = FallbackLoop(file)
    first = loop.rewind(0)
    assert first is not None
    assert (first.is_keyframe, first.timestamp, loop.headers) == (True, 1000, {VIDEO: parameters(VIDEO, 0)})
    empty = FallbackLoop(lambda: [sound(0, 0)])
    assert (empty.rewind(0), empty.next_at(), list(empty.due())) == (None, None, [])
    assert empty.sound_header(0) is None
    with_sound = FallbackLoop(lambda: [parameters(AUDIO, 0), *file()])
    assert with_sound.sound_header(0) == parameters(AUDIO, 0)


def test_a_tag_is_due_at_its_time() -> None:
    """To the millisecond; the next look is when the next tag is due."""
    loop = FallbackLoop(file)
    loop.rewind(500)
    assert loop.next_at() == 501
    assert [tag.timestamp for tag in loop.due()] == [1000]
    assert loop.next_at() == 540
    loop.move(539, 0)
    assert list(loop.due()) == []
    assert loop.next_at() == 540
    loop.move(540, 0)
    assert [tag.timestamp for tag in loop.due()] == [1040]


@pytest.mark.parametrize(("lead", "due"), [(20, 1100), (21, 1090)])
def test_a_lead_slows_the_loop_down(lead: int, due: int) -> None:
    """By a tenth, if it is more than a small one."""
    for timestamp, is_due in ((due, True), (due + 1, False)):
        tags = [picture(1000, 0, is_keyframe=True), picture(timestamp, 0, is_keyframe=False)]
        loop = loop_of(tags)
        loop.move(100, lead)
        assert (timestamp in [tag.timestamp for tag in loop.due()]) is is_due


@pytest.mark.parametrize(("pause", "skipped", "played"), [(500, 0, 3), (501, 501, 1)])
def test_a_long_pause_is_skipped(pause: int, skipped: int, played: int) -> None:
    """The program itself was stopped for more than half a second: no viewer waits for that time."""
    loop = loop_of(file(10))
    assert loop.move(pause, 0) == skipped
    assert len(list(loop.due())) == played
    assert loop.move(pause + 40, 0) == 0
