"""What is held back of a track: how far it reaches, and how much it may be."""

from restream_agent.stream.flv import AUDIO, Tag
from restream_agent.stream.held import LARGEST, MOST_TAGS, HeldTags
from tests.unit.stream.flv_making import sound


def holding(*tags: Tag) -> HeldTags:
    """Return what is held after some tags."""
    held = HeldTags()
    for tag in tags:
        held.add(tag)
    return held


def test_the_end_is_that_of_the_tags_that_are_held() -> None:
    """Not of those that were taken, or thrown away."""
    held = holding(*(sound(at, 1) for at in (10, 100, 60, 40)))
    ends = []
    while held:
        ends.append(held.end)
        held.take()
    assert ends == [100, 100, 60, 40]
    for at in (900, 800, 20):
        held.add(sound(at, 1))
    held.clear()
    held.add(sound(30, 1))
    assert (held.end, len(held)) == (30, 1)


def test_the_number_of_tags_is_bounded() -> None:
    """Of those that are held now."""
    held = holding(*[sound(0, 1)] * MOST_TAGS)
    for _ in range(3):
        assert not held.is_too_large
        held.add(sound(0, 1))
        assert held.is_too_large
        held.take()


def test_the_bytes_are_bounded() -> None:
    """Of those that are held now, whether the others were taken or thrown away."""
    half = Tag(AUDIO, 0, bytes(LARGEST // 2))
    held = holding(half, half)
    for is_cleared in (False, True, False):
        assert not held.is_too_large
        held.add(sound(0, 1))
        assert held.is_too_large
        if is_cleared:
            held.clear()
        while held:
            held.take()
        held.add(half)
        held.add(half)
