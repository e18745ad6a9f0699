"""Recovery points of a source without keyframes. Pure.

With intra-refresh an encoder sends one keyframe at the beginning, and then renews the picture piece by piece.
It may mark where a decoder can begin: H.264's SEI of a recovery point. Such a picture is marked as a
keyframe, as x264 does itself (b_keyframe): the program can cut to it and a relay can begin with it.
"""

from restream_agent.stream.access_unit import USUAL_WIDTH, is_recovery_point, width_of_lengths
from restream_agent.stream.flv import VIDEO, Tag

RARE = 4000
"""Milliseconds without a keyframe after which a recovery point is one. No platform allows fewer keyframes."""

_KEYFRAME = 0x17


class RecoveryPoints:
    """Marks the recovery points of one connection."""

    _width: int
    _keyframe_at: int | None

    def __init__(self) -> None:
        self._width = USUAL_WIDTH
        self._keyframe_at = None

    def marked(self, tag: Tag) -> Tag:
        """Return a tag; as a keyframe, if it is a recovery point and keyframes are rare."""
        if tag.kind != VIDEO:
            return tag
        if tag.is_sequence_header:
            self._width = width_of_lengths(tag)
        elif tag.is_keyframe:
            self._keyframe_at = tag.timestamp
        elif self._are_keyframes_rare(tag) and is_recovery_point(tag, self._width):
            return Tag(VIDEO, tag.timestamp, bytes([_KEYFRAME]) + tag.body[1:])
        return tag

    def _are_keyframes_rare(self, tag: Tag) -> bool:
        return self._keyframe_at is None or tag.timestamp - self._keyframe_at > RARE
