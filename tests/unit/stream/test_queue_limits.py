"""The limits of a relay's queue and of the backlog, to the byte and the millisecond; what counts as sent."""

import pytest

from restream_agent.stream.fanout import Backlog, Limits, RelayQueue
from restream_agent.stream.flv import HEADER, VIDEO, Tag, encode
from restream_agent.stream.marks import Mark, is_mark

SIZE = 100
HOUR = 3_600_000
AMPLE = 1 << 40


def picture_at(stamp: int, *, is_keyframe: bool = False) -> tuple[Tag, bytes]:
    """Return a picture of SIZE bytes, and its encoding."""
    tag = Tag(VIDEO, stamp, bytes([0x17 if is_keyframe else 0x27, 1]) + bytes(SIZE - 17))
    return tag, encode(tag)


def group(length: int, step: int) -> list[tuple[Tag, bytes]]:
    """Return a group of pictures that is so many ms long."""
    return [picture_at(HOUR + at, is_keyframe=at == 0) for at in range(0, length + 1, step)]


def taken(queue: RelayQueue, tags: int) -> None:
    """Have the relay take so many tags."""
    for _ in range(tags):
        queue.advance(len(queue.chunk()))


def skips_at(queue: RelayQueue, first: int, step: int) -> int:
    """Offer pictures until they are skipped; return how many were queued."""
    stamp, count = first, 0
    while True:
        queue.offer(*picture_at(stamp))
        if queue.is_waiting:
            return count
        stamp, count = stamp + step, count + 1


@pytest.mark.parametrize(("left", "room"), [(5, 5), (6, 34)])
def test_a_given_group_counts_in_bytes_until_half_of_the_limit_is_left(left: int, room: int) -> None:
    """10 pictures may wait, and 30 more of the group; 10 again from the moment that 5 are left."""
    queue = RelayQueue(limits=Limits(milliseconds=AMPLE, size=10 * SIZE))
    queue.give(group(29, 1))
    taken(queue, 30 - left)
    assert queue.size == left * SIZE
    assert skips_at(queue, HOUR + 30, 1) == room


@pytest.mark.parametrize(("left", "room"), [(500, 5), (600, 34)])
def test_a_given_group_counts_in_time_until_half_of_the_limit_is_left(left: int, room: int) -> None:
    """1 s may wait, and 3 s more of the group; 1 s again from the moment that 0.5 s is left."""
    queue = RelayQueue(limits=Limits(milliseconds=1000, size=AMPLE))
    queue.give(group(3000, 100))
    taken(queue, (3000 - left) // 100)
    assert queue.behind == left
    assert skips_at(queue, HOUR + 3100, 100) == room


@pytest.mark.parametrize(
    ("limits", "is_kept"),
    [
        (Limits(milliseconds=2000, size=3 * SIZE), True),
        (Limits(milliseconds=1999, size=3 * SIZE), False),
        (Limits(milliseconds=2000, size=3 * SIZE - 1), False),
    ],
)
def test_a_group_within_the_limits_is_kept(limits: Limits, *, is_kept: bool) -> None:
    """Its length counts from its own keyframe, an hour into the broadcast too."""
    backlog, queue = Backlog(limits), RelayQueue()
    for tag, data in group(2000, 1000):
        backlog.add(tag, data)
    backlog.start(queue)
    assert queue.size == len(HEADER) + (3 * SIZE if is_kept else 0)


def test_what_is_sent_and_what_waits_is_counted_in_bytes() -> None:
    """Also of a tag that is sent in part."""
    queue = RelayQueue()
    queue.prepend(HEADER)
    for tag, data in group(1000, 1000):
        queue.offer(tag, data)
    assert (queue.sent, queue.size) == (0, len(HEADER) + 2 * SIZE)
    taken(queue, 1)
    queue.advance(30)
    assert (queue.sent, queue.size) == (len(HEADER) + 30, 2 * SIZE - 30)


def test_there_is_no_rest_of_a_tag_of_which_nothing_was_sent() -> None:
    """Not even of the broadcast's first tag: it is skipped as a whole."""
    queue = RelayQueue(limits=Limits(milliseconds=AMPLE, size=2 * SIZE))
    assert bytes(queue.rest) == b""
    for number in range(3):
        assert bytes(queue.rest) == b""
        queue.offer(*picture_at(number, is_keyframe=number == 0))
    assert (queue.is_waiting, queue.is_empty, queue.skipped) == (True, True, 3)


def test_the_first_tag_of_all_is_a_mark() -> None:
    """At position 0 and time 0."""
    queue = RelayQueue()
    queue.offer(*picture_at(0, is_keyframe=True))
    taken(queue, 1)
    assert list(queue.marks) == [Mark(0, VIDEO, 0)]


def test_few_positions_are_marks() -> None:
    """One in 64."""
    assert sum(map(is_mark, range(64_000))) == pytest.approx(1000, abs=2)
