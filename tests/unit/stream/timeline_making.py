"""Pictures, and timelines on which a source has begun, for the tests of the program's clock."""

from restream_agent.stream.flv import VIDEO, Tag
from restream_agent.stream.timeline import Timeline
from tests.unit.stream.flv_making import FRAME, picture


def frame(timestamp: int, shown_after: int = 0) -> Tag:
    """Return a picture that is no keyframe, with a composition time."""
    return Tag(VIDEO, timestamp, b"\x27\x01" + shown_after.to_bytes(3, "big", signed=True) + b"x")


def key(timestamp: int) -> Tag:
    """Return a keyframe."""
    return picture(timestamp, 1, is_keyframe=True)


def stamp(timeline: Timeline, tag: Tag, now: int) -> int | None:
    """Return the timestamp that a tag gets, None if it is left out."""
    stamped = timeline.stamp(tag, now)
    return None if stamped is None else stamped.timestamp


def begun(*, at: int = 0, first: int = 0) -> Timeline:
    """Return a timeline whose source began at a time with a keyframe."""
    timeline = Timeline()
    timeline.begin(first, at, at)
    assert stamp(timeline, key(first), at) == at
    return timeline


def steady(lag: int, *, length: int = 2960, step: int = FRAME) -> Timeline:
    """Return a timeline whose source began at 1000, and has been so many ms behind the wall clock since."""
    timeline = Timeline()
    timeline.begin(0, 1000, 1000)
    for timestamp in range(0, length, step):
        assert stamp(timeline, frame(timestamp), 1000 + timestamp + lag) == 1000 + timestamp
    return timeline
