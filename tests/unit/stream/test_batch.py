"""Which tags go to the relays together."""

import pytest

from restream_agent.stream.batch import LONGEST, Batch
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from tests.unit.stream.flv_making import parameters, picture, sound

NOW = 1000
PICTURE, KEYFRAME = (picture(0, 1, is_keyframe=which) for which in (False, True))
SOUND = sound(0, 1)
HEADERS = [parameters(VIDEO, 1), parameters(AUDIO, 1)]


def due_at(*tags: Tag, now: int = NOW) -> int | None:
    """Return when tags are due of which each came 5 ms after the one before, the last one now."""
    batch = Batch()
    for number, tag in enumerate(tags):
        batch.add(tag, now - 5 * (len(tags) - 1 - number))
    return batch.due_at


def test_nothing_is_due_of_nothing() -> None:
    """Also after everything was sent."""
    batch = Batch()
    assert batch.due_at is None
    batch.add(PICTURE, NOW)
    batch.clear()
    assert batch.due_at is None


@pytest.mark.parametrize("tags", [[PICTURE, SOUND], [SOUND, PICTURE, SOUND], [KEYFRAME], [SOUND, KEYFRAME]])
def test_sound_behind_a_picture_is_due_now_and_so_is_a_keyframe(tags: list[Tag]) -> None:
    """With the first, ffmpeg passes the picture on; with the second, relays change over."""
    assert due_at(*tags) == NOW


@pytest.mark.parametrize("tags", [[PICTURE], [SOUND], [PICTURE, PICTURE], [SOUND, PICTURE], [SOUND, SOUND]])
def test_what_ffmpeg_would_keep_waits_but_not_for_long(tags: list[Tag]) -> None:
    """The time counts from the first tag on."""
    assert due_at(*tags) == NOW - 5 * (len(tags) - 1) + LONGEST


def test_a_header_is_no_sound_and_no_picture() -> None:
    """It makes ffmpeg pass nothing on."""
    assert due_at(PICTURE, HEADERS[1]) == NOW - 5 + LONGEST
    assert due_at(HEADERS[0], SOUND) == NOW - 5 + LONGEST


def test_a_picture_that_was_sent_is_forgotten() -> None:
    """The next sound waits for the next picture."""
    batch = Batch()
    batch.add(PICTURE, NOW)
    batch.clear()
    batch.add(SOUND, NOW)
    assert batch.due_at == NOW + LONGEST


def test_what_is_overdue_stays_due() -> None:
    """Sound that comes later does not put it off."""
    batch = Batch()
    batch.add(PICTURE, NOW)
    batch.add(SOUND, NOW + 2 * LONGEST)
    assert batch.due_at == NOW + LONGEST
