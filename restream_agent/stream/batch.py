"""Which tags go to the relays together. Pure; times are in milliseconds of the program.

A relay's ffmpeg keeps a picture until it has the sound behind it, and sound until it has the picture behind
it. So a picture that is sent together with that sound leaves the relay no later, and the relay wakes up once
instead of two or three times. Sound leaves it later, by the time from a picture to the next sound.
"""

from restream_agent.stream.flv import AUDIO, VIDEO, Tag

LONGEST = 40
"""Milliseconds that a tag waits at most: where one of the tracks pauses, nothing follows."""


class Batch:
    """The tags that wait to be sent. `due_at` is when they have to be, None without any.

    They are due at sound behind a picture. A keyframe is due at once: with a keyframe the relays change over
    from one source to another.
    """

    due_at: int | None
    _has_picture: bool

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew: everything is sent."""
        self.due_at = None
        self._has_picture = False

    def add(self, tag: Tag, now: int) -> None:
        """Add a tag that is queued now."""
        if self.due_at is None:
            self.due_at = now + LONGEST
        if tag.is_keyframe or (self._has_picture and tag.kind == AUDIO and tag.is_media):
            self.due_at = min(self.due_at, now)
        self._has_picture = self._has_picture or (tag.kind == VIDEO and tag.is_media)
