"""Which tags go to the relays together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.stream.batch import LONGEST, Batch
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from tests.unit.stream.flv_making import parameters, picture, sound

NOW = 1000


def shown(timestamp: int) -> Tag:
    """Return a picture that is no keyframe."""
    return picture(timestamp, 1, is_keyframe=False)


def heard(timestamp: int) -> Tag:
    """Return sound."""
    return sound(timestamp, 1)


KEYFRAME = picture(0, 1, is_keyframe=True)
HEADERS = [parameters(VIDEO, 1), parameters(AUDIO, 1)]


def due_at(*tags: Tag, batch: Batch | None = None) -> int | None:
    """Return when tags are due of which each came 5 ms after the one before, the last one now."""
    batch = batch or Batch()
    for number, tag in enumerate(tags):
        batch.add(tag, NOW - 5 * (len(tags) - 1 - number))
    return batch.due_at


def sent(*tags: Tag) -> Batch:
    """Return a batch after these tags were sent."""
    batch = Batch()
    due_at(*tags, batch=batch)
    batch.clear()
    return batch


def test_nothing_is_due_of_nothing() -> None:
    """Also after everything was sent."""
    assert Batch().due_at is None
    assert sent(shown(0)).due_at is None


@pytest.mark.parametrize(
    "tags", [[shown(0), heard(0)], [heard(0), shown(5), heard(20)], [KEYFRAME], [heard(9), KEYFRAME]]
)
def test_sound_behind_a_picture_is_due_now_and_so_is_a_keyframe(tags: list[Tag]) -> None:
    """With the first, ffmpeg passes the picture on; with the second, relays change over."""
    assert due_at(*tags) == NOW


@pytest.mark.parametrize("before", [KEYFRAME, shown(7)])
def test_sound_is_due_now_behind_a_picture_that_was_sent_alone(before: Tag) -> None:
    """A keyframe, or a picture after its longest wait: ffmpeg keeps it until then."""
    batch = sent(before)
    assert due_at(heard(7), batch=batch) == NOW


def test_of_two_pictures_the_second_may_need_another_sound() -> None:
    """It came when the first sound was on its way."""
    batch = sent(shown(0), shown(33), heard(20))
    assert due_at(heard(41), batch=batch) == NOW
    batch.clear()
    assert due_at(heard(62), batch=batch) == NOW + LONGEST


def test_a_picture_behind_its_sound_is_due_now() -> None:
    """ffmpeg has the sound, and need not keep the picture."""
    batch = sent(heard(100))
    assert due_at(shown(100), batch=batch) == NOW
    batch.clear()
    assert due_at(shown(101), batch=batch) == NOW + LONGEST


@pytest.mark.parametrize(
    "tags", [[shown(0)], [heard(0)], [shown(0), shown(33)], [heard(0), shown(5)], [shown(9), heard(8)]]
)
def test_what_ffmpeg_would_keep_waits_but_not_for_long(tags: list[Tag]) -> None:
    """The time counts from the first tag on."""
    assert due_at(*tags) == NOW - 5 * (len(tags) - 1) + LONGEST


def test_a_header_is_no_sound_and_no_picture() -> None:
    """It makes ffmpeg pass nothing on."""
    assert due_at(shown(0), HEADERS[1]) == NOW - 5 + LONGEST
    assert due_at(HEADERS[0], heard(9)) == NOW - 5 + LONGEST


def test_what_is_overdue_stays_due() -> None:
    """What comes later does not put it off."""
    batch = Batch()
    batch.add(shown(0), NOW)
    batch.add(heard(9), NOW + 2 * LONGEST)
    assert batch.due_at == NOW + LONGEST


def muxed(tags: list[tuple[Tag, int]]) -> dict[tuple[int, int], int]:
    """Return when ffmpeg passes each picture on, given when it gets each tag: its muxer's rule."""
    passed, kept, newest = {}, list[tuple[int, int]](), -1
    for tag, at in tags:
        if tag.kind == AUDIO:
            newest = tag.timestamp
        else:
            kept.append((tag.kind, tag.timestamp))
        for one in [one for one in kept if one[1] <= newest]:
            passed[one] = at
            kept.remove(one)
    return passed


@given(
    rate=st.sampled_from([24, 25, 30, 50, 60]),
    frame=st.sampled_from([21.333, 23.22, 46.44]),
    lead=st.integers(-30, 150),
)
def test_no_picture_leaves_a_relay_later(rate: int, frame: float, lead: int) -> None:
    """Whatever the rates, and however far sound is ahead of its picture or behind it."""
    times = [(shown(round(n * 1000 / rate)), round(n * 1000 / rate)) for n in range(2 * rate)]
    times += [(heard(round(n * frame) + 200), round(n * frame) + 200 - lead) for n in range(60)]
    arriving = sorted(times, key=lambda one: one[1])
    batch, waiting, received = Batch(), list[Tag](), list[tuple[Tag, int]]()
    for tag, now in arriving:
        if batch.due_at is not None and batch.due_at <= now:
            received += [(one, batch.due_at) for one in waiting]
            waiting.clear()
            batch.clear()
        batch.add(tag, now)
        waiting.append(tag)
        if batch.due_at is not None and batch.due_at <= now:
            received += [(one, now) for one in waiting]
            waiting.clear()
            batch.clear()
    ours, direct = muxed(received), muxed(arriving)
    assert len(ours) > rate
    assert all(at <= direct[one] for one, at in ours.items())
