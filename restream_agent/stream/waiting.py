"""What a connected publisher's stream waits for before it is shown. Pure. Times are ms of the broadcast."""

from restream_agent.stream.flv import VIDEO, Tag

_QUIET = 1000
"""Milliseconds without a tag, or without a picture, after which it is these that are waited for."""


class Waiting:
    """When tags of a stream arrived last."""

    _heard_at: int
    _picture_at: int
    _keyframe_at: int

    def __init__(self) -> None:
        self._heard_at = self._picture_at = self._keyframe_at = -1

    def note(self, tag: Tag, now: int) -> None:
        """Note that a tag of sound or picture arrived."""
        self._heard_at = now
        if tag.kind == VIDEO:
            self._picture_at = now
        if tag.is_keyframe:
            self._keyframe_at = now

    def reason(self, since: int, now: int) -> str:
        """Return what a stream waits for that could be shown since then.

        "data", if nothing comes; "picture", if only sound does; "keyframe", if none has come; "real time", if
        keyframes come too late or too early: with a backlog, in bursts, or from a line that is too slow.
        """
        if now - self._heard_at >= _QUIET:
            return "data"
        if now - self._picture_at >= _QUIET and self._keyframe_at < since:
            return "picture"
        return "real time" if self._keyframe_at >= since else "keyframe"
