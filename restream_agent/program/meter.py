"""What a publisher sends, counted as it comes."""

import os
from dataclasses import dataclass, field

from restream_agent.stream.flv import VIDEO, Tag
from restream_agent.stream.pace import Pace
from restream_agent.stream.shape import StreamShape


@dataclass
class Meter:
    """Counts what a publisher sends.

    `size` is in bytes, `frames` in pictures and `age` in ms, all since the publisher connected. `bitrate`
    (bit/s) and `frame_rate` (pictures per second) are those of the last interval. `keyframe_interval` is
    in ms. `pace` measures how fast and how late the stream arrives, `others` names the tracks that are not
    played. `broadcast_sound` is the codec of sound that relays have, if the publisher's is another and left
    out. `connection` tells the connection from every other, also from those of an earlier program.
    """

    size: int = 0
    frames: int = 0
    age: int = 0
    bitrate: float = 0.0
    frame_rate: float = 0.0
    keyframe_interval: int = 0
    pace: Pace = field(default_factory=Pace)
    shape: StreamShape = field(default_factory=StreamShape)
    others: tuple[str, ...] = ()
    broadcast_sound: str = ""
    connection: str = field(default_factory=lambda: os.urandom(4).hex())
    _bytes: int = 0
    _frames: int = 0
    _keyframe_at: int | None = None
    _keyframe_came_at: int | None = None

    def count(self, tag: Tag, now: int) -> None:
        """Count one tag of the publisher's stream, which arrives now."""
        self._bytes += len(tag.body)
        if tag.is_media:
            self.pace.add(now, tag.timestamp)
        self.shape.note(tag)
        if tag.kind == VIDEO and tag.is_media:
            self._frames += 1
            if tag.is_keyframe:
                if self._keyframe_at is not None and tag.timestamp > self._keyframe_at:
                    self.keyframe_interval = tag.timestamp - self._keyframe_at
                self._keyframe_at, self._keyframe_came_at = tag.timestamp, now

    def keyframe_age(self, now: int) -> int | None:
        """Return the ms since the last keyframe came, None before the first."""
        return None if self._keyframe_came_at is None else now - self._keyframe_came_at

    def close_interval(self, milliseconds: int) -> None:
        """End an interval of so many ms: turn its counts into rates, and add them to the totals."""
        self.size += self._bytes
        self.frames += self._frames
        self.age += milliseconds
        self.bitrate = self._bytes * 8000 / milliseconds
        self.frame_rate = self._frames * 1000 / milliseconds
        self._bytes = self._frames = 0
