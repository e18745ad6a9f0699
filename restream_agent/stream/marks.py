"""Marks: the tags of a relay's stream whose timestamps are compared before and behind its ffmpeg. Pure.

Both sides choose the same tags, by the position of a tag in the relay's stream: the program, which knows the
timestamp that it sent, and ffmpeg, which knows the timestamp that it passes on (`pos` of a packet read from
FLV is where its tag begins; measured with 5.1.9 and 7.1.5). About one tag in 64 is a mark, a second or so
apart in each track. Multiples of the golden ratio spread evenly, so a stream whose tags are all of one size
has marks too (Weyl's equidistribution theorem).
"""

from dataclasses import dataclass

_GOLDEN = 0.6180339887498949
_SHARE = 1 / 64

KEPT = 8
"""Marks that the program keeps of each relay. It reports twice a second: two lost reports lose none."""

EXPRESSION = f"if(lt(mod(pos*{_GOLDEN},1),{_SHARE}),0*(print(pos,24)+print(dts+0.5,24)))"
"""An ffmpeg expression that is always 0, and prints the position and the timestamp of a mark.

In ffmpeg's numbers as in ours, the product and the remainder are those of IEEE 754. 24 is the level of a
warning, which our relays log. The half makes two lines of a mark differ, because ffmpeg leaves a repeated
line out, and tells the timestamp from the position.
"""


def is_mark(position: int) -> bool:
    """Whether the tag that begins at a position (bytes) of a relay's stream is a mark."""
    return position * _GOLDEN % 1 < _SHARE


@dataclass(frozen=True)
class Mark:
    """A mark: its position in the relay's stream, its kind (AUDIO or VIDEO), and its timestamp in ms."""

    position: int
    kind: int
    timestamp: int
