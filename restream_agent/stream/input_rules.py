"""What a tag of a live stream may be. A publisher with a valid key may send anything; see docs/design.md.

Pure. A tag that breaks a rule ends the connection that brought it. The source may come back.
"""

from restream_agent.stream.flv import SCRIPT, FlvError, Tag

LARGEST_COMPOSITION = 2000
"""Milliseconds by which a picture is shown later or earlier than its timestamp. With three B-frames it is at
most five pictures: 170 ms at 30 pictures a second, 2 s at 2.5. A player waits that long for a picture."""

LARGEST_HEADER = 64 * 1024
"""Bytes of a sequence header. SPS and PPS are less than 1 KiB, the parameters of HEVC less than 4 KiB."""

MOST_TAGS = 10_000
"""Tags in a second. 60 pictures and 47 AAC frames a second are 2,140 at twenty times the speed; a backlog of
30 s that arrives at once is 3,210."""

MOST_BYTES = 64 * 1024 * 1024
"""Bytes in a second. 6 Mb/s arrive twenty times as fast with 15 MB, a backlog of 5 s at 80 Mb/s has 50 MB."""

MOST_HEADERS = 50
"""Sequence headers and metadata in a second: a few at the beginning of a stream, and at a change of it."""

_SECOND = 1000


class InputRules:
    """Checks the tags of one connection."""

    _second: int
    _tags: int
    _bytes: int
    _headers: int

    def __init__(self) -> None:
        self._second = 0
        self._tags = self._bytes = self._headers = 0

    def check(self, tag: Tag, now: int) -> None:
        """Raise FlvError if a tag that arrives now breaks a rule."""
        if now // _SECOND != self._second:
            self._second = now // _SECOND
            self._tags = self._bytes = self._headers = 0
        self._tags += 1
        self._bytes += len(tag.body)
        composition = tag.composition_time
        if abs(composition) > LARGEST_COMPOSITION:
            raise FlvError(f"a picture is to be shown {composition} ms after its time")
        if tag.kind == SCRIPT or tag.is_sequence_header:
            self._check_header(tag)
        if self._tags > MOST_TAGS:
            raise FlvError(f"it sent more than {MOST_TAGS} tags in a second")
        if self._bytes > MOST_BYTES:
            raise FlvError(f"it sent more than {MOST_BYTES} bytes in a second")

    def _check_header(self, tag: Tag) -> None:
        self._headers += 1
        if self._headers > MOST_HEADERS:
            raise FlvError(f"it sent more than {MOST_HEADERS} headers in a second")
        if tag.is_sequence_header and len(tag.body) > LARGEST_HEADER:
            raise FlvError(f"a sequence header of {len(tag.body)} bytes is no decoder parameters")
