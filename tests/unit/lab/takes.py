"""Two tracks of a few bytes, for the tests of scripts and of their judge."""

from tests.lab.material import Take
from tests.lab.rtmp import AUDIO, VIDEO
from tests.publishers import scripts

KEYFRAME = b"\x17\x01\0\0\0" + (7).to_bytes(4) + b"\x65picture"[:7]
PICTURE = b"\x27\x01\0\0\0" + (7).to_bytes(4) + b"\x41picture"[:7]
PICTURES = Take(VIDEO, b"\x17\x00header", (KEYFRAME, PICTURE, PICTURE, PICTURE), 40.0, frozenset((0,)))
SOUNDS = Take(AUDIO, b"\xaf\x00\x11\x90", (b"\xaf\x01sound",), 20.0, frozenset((0,)))
SECONDS = 8.0


def script_of(seconds: float = SECONDS) -> scripts.Steps:
    """Return both tracks: 25 pictures and 50 sounds a second."""
    return scripts.both(PICTURES, SOUNDS, seconds)
