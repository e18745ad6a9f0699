"""Which tags go to the relays together. Pure; times are in milliseconds of the program.

A relay's ffmpeg that copies keeps a picture until it has sound of the picture's time or later, and sound
until it has such a picture. So a picture that waits here for that sound leaves the relay no later, and
the relay wakes up once instead of two or three times. Sound leaves it later, by the time from a picture
to the next sound. A relay that encodes gets the picture later, too.
"""

from restream_agent.stream.flv import AUDIO, VIDEO, Tag

LONGEST = 40
"""Milliseconds that a tag waits at most: where one of the tracks pauses, nothing follows."""

_MOST = 100
"""Pictures of which it is known that ffmpeg keeps them. Without sound, it keeps them for half a second."""


class Batch:
    """The tags that wait to be sent. `due_at` is when they have to be, None without any.

    They are due when ffmpeg can pass a picture on, also one that it has already. A keyframe is due at once:
    with a keyframe the relays change over from one source to another.
    """

    due_at: int | None
    _kept: list[int]
    _heard: int

    def __init__(self) -> None:
        """`_kept` has the timestamps of pictures that ffmpeg keeps, `_heard` is that of the newest sound."""
        self.due_at = None
        self._kept = []
        self._heard = -1

    def clear(self) -> None:
        """Forget the tags: they are sent. What ffmpeg keeps of them is not forgotten."""
        self.due_at = None

    def add(self, tag: Tag, now: int) -> None:
        """Add a tag that is queued now."""
        is_passed = tag.is_media and self._lets_a_picture_pass(tag)
        due_at = now if is_passed or tag.is_keyframe else now + LONGEST
        self.due_at = due_at if self.due_at is None else min(self.due_at, due_at)

    def _lets_a_picture_pass(self, tag: Tag) -> bool:
        """Note sound or a picture; return whether ffmpeg passes on a picture because of it."""
        if tag.kind == AUDIO:
            self._heard = tag.timestamp
        elif tag.kind == VIDEO:
            self._kept = [*self._kept[-_MOST:], tag.timestamp]
        count = len(self._kept)
        self._kept = [timestamp for timestamp in self._kept if timestamp > self._heard]
        return len(self._kept) < count
