"""The tags of the live source that arrived before their time and wait for it. Pure."""

from collections import deque

from restream_agent.stream.arrivals import Highest
from restream_agent.stream.flv import Tag
from restream_agent.stream.timeline import ends_at

HELD_LIMIT = 2000
"""Milliseconds of a burst that are held back and sent in real time. A longer burst is thrown away, and the
fallback plays until the next fresh keyframe."""

MOST_TAGS = 4000
"""How many tags are held back. HELD_LIMIT of 240 pictures and 4 tracks of sound a second is 900 tags."""

LARGEST = 32 * 1024 * 1024
"""Bytes that are held back. HELD_LIMIT at 80 Mb/s is 20 MB."""


class HeldTags:
    """A queue of tags, which knows how far ahead of their time they are."""

    _tags: deque[Tag]
    _ends: Highest
    _taken: int
    _size: int

    def __init__(self) -> None:
        self._tags = deque()
        self._ends = Highest()
        self._taken = 0
        self._size = 0

    def __len__(self) -> int:
        return len(self._tags)

    def add(self, tag: Tag) -> None:
        """Hold a tag back, after the others."""
        self._ends.add(self._taken + len(self._tags), ends_at(tag))
        self._tags.append(tag)
        self._size += len(tag.body)

    @property
    def first(self) -> Tag:
        """The tag that is sent next."""
        return self._tags[0]

    @property
    def end(self) -> int:
        """The latest time at which a held picture is shown, on its source's clock."""
        end = self._ends.value
        assert end is not None
        return end

    @property
    def is_too_large(self) -> bool:
        """Whether more is held than HELD_LIMIT of any stream can be."""
        return len(self._tags) > MOST_TAGS or self._size > LARGEST

    def take(self) -> Tag:
        """Remove the first tag and return it."""
        tag = self._tags.popleft()
        self._taken += 1
        self._ends.remove_before(self._taken)
        self._size -= len(tag.body)
        return tag

    def clear(self) -> None:
        """Throw all held tags away."""
        self._taken += len(self._tags)
        self._tags.clear()
        self._ends.remove_before(self._taken)
        self._size = 0
