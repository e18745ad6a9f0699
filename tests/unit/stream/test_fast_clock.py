"""A publisher whose clock is fast: it is moved back at keyframes, by what fits, and no sound is lost."""

import pytest

from restream_agent.stream.flv import AUDIO
from tests.unit.stream.flv_making import sound
from tests.unit.stream.timeline_making import frame, key, stamp, steady


@pytest.mark.parametrize(("lead", "back"), [(250, 0), (270, 20), (289, 39), (400, 39)])
def test_a_fast_clock_is_moved_back_by_what_fits_between_two_frames(lead: int, back: int) -> None:
    """To 250 ms before the wall clock. The last frame was 40 ms earlier."""
    timeline = steady(-lead, length=4000)
    assert stamp(timeline, key(4000), 5000 - lead) == 5000 - back
    assert stamp(timeline, frame(4040), 5040 - lead) == 5040 - back


@pytest.mark.parametrize(("heard", "back"), [(3980, 19), (4000, 0), (4001, 39)])
def test_a_fast_clock_is_not_moved_back_behind_the_sound(heard: int, back: int) -> None:
    """Sound that is ahead of its picture does not count."""
    timeline = steady(-400, length=4000)
    stamp(timeline, sound(heard, 1), 4600)
    assert stamp(timeline, key(4000), 4600) == 5000 - back


def test_a_fast_clock_is_not_moved_forward() -> None:
    """A picture before the keyframe is shown after it, so there is no room."""
    timeline = steady(-400, length=3960)
    stamp(timeline, frame(3960, 100), 4560)
    assert stamp(timeline, key(4000), 4600) == 5000


@pytest.mark.parametrize("sent_until", [3700, 4300])
def test_no_sound_is_lost_when_a_fast_clock_is_moved_back(sent_until: int) -> None:
    """Sound in clumps comes after the keyframe that is moved, or before it. Its steps are 21 and 22 ms."""
    timeline, stamps = steady(-400, length=4000), list[int | None]()
    times = [round(number * 1024 / 48) for number in range(150, 220)]
    stamps += [stamp(timeline, sound(at, 1), 4600) for at in times if at < sent_until]
    assert stamp(timeline, key(4000), 4600) == 5000 - 20
    stamps += [stamp(timeline, sound(at, 1), 4700) for at in times if at >= sent_until]
    sent = [each for each in stamps if each is not None]
    assert len(sent) == len(times)
    assert sent == sorted(set(sent))
    assert (sent[0], sent[-1]) == (1000 + times[0], 1000 + times[-1] - 20)


def test_sound_before_the_move_is_left_out_where_other_sound_was_sent() -> None:
    """As without a move: it would be out of step with its picture."""
    timeline = steady(-400, length=4000)
    stamp(timeline, sound(3900, 1), 4600)
    stamp(timeline, key(4000), 4600)
    timeline.fill(AUDIO, 4960)
    assert [stamp(timeline, sound(at, 1), 4700) for at in (3950, 3960, 4000)] == [None, None, 4961]
