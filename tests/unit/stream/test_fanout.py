"""A relay's queue: it is bounded, has whole tags, and goes on with a keyframe after skipped pictures."""

from operator import sub

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.stream.fanout import Backlog, Limits, RelayQueue
from restream_agent.stream.flv import AUDIO, HEADER, VIDEO, Reader, Tag, encode
from restream_agent.stream.marks import Mark, is_mark
from tests.unit.stream.flv_making import parameters, picture, sound, stream

LIMITS = Limits(milliseconds=3000, size=20_000)
LARGEST = 5000


def padded(tag: Tag, size: int) -> Tag:
    """Return a larger tag, so that the limit in bytes matters too."""
    return tag if tag.is_sequence_header else Tag(tag.kind, tag.timestamp, tag.body + bytes(size))


def program(groups: list[tuple[int, int]]) -> list[Tag]:
    """Return groups of the given lengths (ms) and picture sizes, each with its own sequence headers."""
    tags: list[Tag] = []
    at = 0
    for number, (length, size) in enumerate(groups):
        tags += [Tag(kind, at, parameters(kind, number).body) for kind in (VIDEO, AUDIO)]
        tags += [padded(tag, size) for tag in stream(number, at, length)[2:]]
        at += length
    return tags


GROUPS = st.lists(st.tuples(st.integers(40, 4000), st.integers(0, LARGEST)), min_size=1, max_size=6)
TAKES = st.lists(st.integers(0, 6000), min_size=1, max_size=50)


def drain(queue: RelayQueue, count: int) -> bytes:
    """Take at most `count` bytes, as a socket would."""
    taken = b""
    while count and not queue.is_empty:
        chunk = b"".join(queue.chunks())[:count]
        queue.advance(len(chunk))
        taken += chunk
        count -= len(chunk)
    return taken


def fed(tags: list[Tag], takes: list[int]) -> tuple[RelayQueue, bytes, int]:
    """Feed a new relay that takes `takes` bytes in turn; return its queue, its bytes and the largest size."""
    queue, backlog, taken, largest = RelayQueue(limits=LIMITS), Backlog(), b"", 0
    backlog.start(queue)
    for number, tag in enumerate(tags):
        queue.offer(tag, encode(tag))
        largest = max(largest, queue.size)
        assert queue.behind <= LIMITS.milliseconds
        taken += drain(queue, takes[number % len(takes)])
    return queue, taken, largest


@settings(max_examples=100, deadline=None)
@given(GROUPS, TAKES)
def test_the_queue_is_bounded(groups: list[tuple[int, int]], takes: list[int]) -> None:
    """It never exceeds the limit and one partly sent tag, whatever the relay takes."""
    _, _, largest = fed(program(groups), takes)
    assert largest <= LIMITS.size + LARGEST + 100


@settings(max_examples=100, deadline=None)
@given(GROUPS, TAKES)
def test_a_relay_gets_whole_tags_and_begins_at_keyframes_with_their_parameters(
    groups: list[tuple[int, int]], takes: list[int]
) -> None:
    """After every omission it goes on with the current sequence headers and a keyframe."""
    tags = program(groups)
    queue, taken, _ = fed(tags, takes)
    got = Reader().feed(taken + drain(queue, 1 << 30))
    order = {id(tag): number for number, tag in enumerate(tags)}
    places = {(tag.kind, tag.timestamp, tag.body): order[id(tag)] for tag in tags}
    last, current = -1, dict[int, Tag]()
    for tag in got:
        place = places[tag.kind, tag.timestamp, tag.body]
        if tag.is_sequence_header:
            current[tag.kind] = tag
            continue
        between = [other for other in tags[last + 1 : place] if other.is_media]
        assert place > last
        assert not between or tag.is_keyframe
        stated = {other.kind: other for other in tags[:place] if other.is_sequence_header}
        assert {kind: header.body for kind, header in stated.items()} == {
            kind: header.body for kind, header in current.items()
        }
        last = place


@settings(max_examples=100, deadline=None)
@given(GROUPS, TAKES)
def test_pictures_are_counted_when_they_are_skipped(groups: list[tuple[int, int]], takes: list[int]) -> None:
    """The pictures sent and the pictures skipped are all pictures."""
    tags = program(groups)
    queue, taken, _ = fed(tags, takes)
    got = Reader().feed(taken + drain(queue, 1 << 30))
    sent = [tag for tag in got if tag.kind == VIDEO and tag.is_media]
    assert len([tag for tag in tags if tag.kind == VIDEO and tag.is_media]) == len(sent) + queue.skipped


def test_a_relay_that_reads_everything_gets_everything() -> None:
    """Nothing is skipped for a relay that keeps up."""
    tags = stream(1, 0, 6000)
    queue, taken, _ = fed(tags, [1 << 20])
    assert (taken, queue.skipped) == (HEADER + b"".join(encode(tag) for tag in tags), 0)


def test_the_rest_of_a_tag_is_never_dropped() -> None:
    """The rest that an earlier process left is sent first, even if all other tags are skipped."""
    queue = RelayQueue(limits=Limits(milliseconds=100, size=1000))
    queue.prepend(b"rest of a tag")
    for tag in stream(1, 0, 4000):
        queue.offer(tag, encode(tag))
    assert bytes(queue.rest) == b"rest of a tag"
    assert drain(queue, 13) == b"rest of a tag"


def test_a_partly_sent_tag_is_finished() -> None:
    """Otherwise the relay would read the next tag as the rest of this tag."""
    queue = RelayQueue(limits=Limits(milliseconds=100, size=100_000))
    key = encode(picture(0, 1, is_keyframe=True))
    queue.offer(picture(0, 1, is_keyframe=True), key)
    taken = drain(queue, 5)
    for at in (40, 80, 120, 160):
        queue.offer(picture(at, 1, is_keyframe=False), encode(picture(at, 1, is_keyframe=False)))
    assert bytes(queue.rest) == key[5:]
    assert taken + drain(queue, 1 << 20) == key


def test_a_new_relay_begins_with_the_picture_that_is_being_shown() -> None:
    """It gets the FLV header, the newest sequence headers and the tags since the last keyframe."""
    backlog, queue = Backlog(), RelayQueue()
    tags = stream(1, 0, 3000)
    for tag in tags:
        backlog.add(tag, encode(tag))
    backlog.start(queue)
    shown = [tag for tag in tags[2:] if tag.timestamp > 2000 or tag == picture(2000, 1, is_keyframe=True)]
    assert Reader().feed(drain(queue, 1 << 20)) == [*tags[:2], *shown]


def test_a_group_too_large_to_keep_is_not_given_to_new_relays() -> None:
    """They wait for the next keyframe, which bounds the memory."""
    backlog, queue = Backlog(Limits(size=1000)), RelayQueue()
    for tag in (
        picture(0, 1, is_keyframe=True),
        padded(picture(40, 1, is_keyframe=False), 2000),
        sound(46, 1),
    ):
        backlog.add(tag, encode(tag))
    backlog.start(queue)
    assert drain(queue, 1 << 20) == HEADER
    assert queue.is_waiting


def test_skipped_pictures_leave_the_relays_clock_as_it_is() -> None:
    """The relay's ffmpeg keeps the step in the timestamps, however long it is."""
    queue = RelayQueue(limits=Limits(milliseconds=500))
    for stamp in range(1000, 20_400, 40):
        tag = picture(stamp, 0, is_keyframe=stamp in (1000, 20_000))
        queue.offer(tag, encode(tag))
        if stamp == 1000:
            drain(queue, 1 << 20)
    assert (queue.beginning, queue.behind) == (1000, 360)


def test_the_relay_s_clock_begins_with_the_first_tag_that_it_gets() -> None:
    """Not with a tag that was skipped before it has read anything: its delay would be wrong for ever."""
    queue = RelayQueue(limits=Limits(milliseconds=500))
    queue.prepend(HEADER)
    for stamp in range(1000, 20_400, 40):
        tag = picture(stamp, 0, is_keyframe=stamp in (1000, 20_000))
        queue.offer(tag, encode(tag))
    drain(queue, 1 << 20)
    assert (queue.beginning, queue.skipped) == (20_000, 475)


@settings(max_examples=100, deadline=None)
@given(GROUPS, TAKES)
def test_marks_are_where_the_relay_finds_the_tag(groups: list[tuple[int, int]], takes: list[int]) -> None:
    """In the relay's stream there is a tag of this kind and timestamp, whatever was skipped."""
    queue, taken, _ = fed(program(groups), takes)
    taken += drain(queue, 1 << 30)
    for mark in queue.marks:
        at = mark.position
        assert (taken[at], int.from_bytes(taken[at + 4 : at + 7])) == (mark.kind, mark.timestamp)
        assert is_mark(at)


def test_both_tracks_have_marks_even_if_all_tags_are_of_one_size() -> None:
    """As in a still picture with silence; there is one every few seconds."""
    queue, backlog = RelayQueue(), Backlog()
    backlog.start(queue)
    seen = list[Mark]()
    for tag in stream(1, 0, 60_000):
        queue.offer(tag, encode(tag))
        drain(queue, 1 << 20)
        seen += [mark for mark in queue.marks if mark not in seen[-20:]]
    for kind in (VIDEO, AUDIO):
        stamps = [mark.timestamp for mark in seen if mark.kind == kind]
        assert max(map(sub, stamps[1:], stamps)) < 10_000


def test_what_was_sent_by_an_uncounted_program_has_no_marks() -> None:
    """The positions in the relay's stream are not known then."""
    queue = RelayQueue(is_counted=False)
    for tag in stream(1, 0, 20_000):
        queue.offer(tag, encode(tag))
        drain(queue, 1 << 20)
    assert not queue.marks


@pytest.mark.parametrize("group", [8000, 29_000])
def test_a_relay_that_joins_late_in_a_group_is_given_all_of_it(group: int) -> None:
    """Instead of waiting for the next keyframe, which may be seconds away; nothing is skipped."""
    backlog, queue = Backlog(), RelayQueue()
    tags = stream(1, 0, group, group=group + 1)
    for tag in tags:
        backlog.add(tag, encode(tag))
    backlog.start(queue)
    assert queue.behind == tags[-1].timestamp
    assert Reader().feed(drain(queue, 1 << 30)) == tags
    assert (queue.skipped, queue.beginning, queue.lacks_keyframe) == (0, 0, False)


def test_a_group_that_is_too_long_is_not_given() -> None:
    """Half a minute of stream would be half a minute of delay; the relay lacks a keyframe, and says so."""
    backlog, queue = Backlog(), RelayQueue()
    for tag in stream(1, 0, 31_000, group=60_000):
        backlog.add(tag, encode(tag))
    backlog.start(queue)
    assert not queue.lacks_keyframe  # it has not taken the headers yet
    drain(queue, 1 << 20)
    assert queue.lacks_keyframe


def test_a_relay_that_takes_its_group_slowly_loses_nothing() -> None:
    """A little faster than real time, it catches up with 8 s in its own time."""
    backlog, queue, begun = Backlog(), RelayQueue(), False
    tags = [padded(tag, 500) for tag in stream(1, 0, 90_000, group=100_000)]
    budget = 0.0
    for tag in tags:
        if tag.timestamp >= 8000:
            if not begun:
                backlog.start(queue)
                begun = True
            queue.offer(tag, encode(tag))
            budget += 1.2 * len(encode(tag))
            drain(queue, int(budget))
            budget -= int(budget)
        else:
            backlog.add(tag, encode(tag))
    assert (queue.skipped, queue.is_waiting) == (0, False)
    assert queue.behind < 8000


def test_a_relay_that_takes_nothing_of_its_group_loses_it() -> None:
    """The limits are larger by the group, and are limits."""
    backlog, queue = Backlog(), RelayQueue()
    tags = stream(1, 0, 14_000, group=100_000)
    for tag in tags:
        if tag.timestamp < 8000:
            backlog.add(tag, encode(tag))
    backlog.start(queue)
    longest = 0
    for tag in tags:
        if tag.timestamp >= 8000 and tag.is_media:
            queue.offer(tag, encode(tag))
            longest = max(longest, queue.behind)
    pictures = sum(tag.kind == VIDEO and tag.is_media for tag in tags)
    assert 12_900 < longest <= 13_000
    assert (queue.skipped, queue.is_waiting) == (pictures, True)


def test_a_relay_that_has_caught_up_has_the_usual_limits() -> None:
    """What it was given counts once."""
    backlog, queue = Backlog(), RelayQueue()
    tags = stream(1, 0, 20_000, group=100_000)
    for tag in tags:
        if tag.timestamp < 8000:
            backlog.add(tag, encode(tag))
    backlog.start(queue)
    drain(queue, 1 << 30)
    for tag in tags:
        if tag.timestamp >= 8000 and tag.is_media:
            queue.offer(tag, encode(tag))
            assert queue.behind <= Limits().milliseconds
    assert queue.is_waiting
