"""The sound of a publisher that sends no picture: it is heard over the fallback's pictures. Pure."""

from restream_agent.stream.flv import AUDIO, Tag
from restream_agent.stream.held import HELD_LIMIT, HeldTags
from restream_agent.stream.output import Output, Sound
from restream_agent.stream.timeline import Timeline

ALONE_AFTER = 3000
"""Milliseconds without a picture from the beginning of a connection, after which its sound is heard alone. A
picture comes within an interval between keyframes."""


class Radio:
    """Sound on a clock of its own, in place of the fallback's. It is on from the first tag to `end`."""

    def __init__(self, output: Output, last: dict[int, int]) -> None:
        """`last` is that of the program's timeline, which both share."""
        self.is_on = False
        self._output = output
        self._timeline = Timeline(last=last, leading=AUDIO)
        self._held = HeldTags()
        self._is_placed = False
        self._heard_at = 0

    def hear(self, tag: Tag, header: Tag | None, now: int) -> list[Tag]:
        """Take one tag of the sound, and its sequence header; return the tags to send.

        Sound has no keyframes: what comes too early is left out, and the next tag is heard at once.
        """
        if not self.is_on:
            self.is_on, self._heard_at = True, now
            self._output.hear(Sound.LIVE, header)
        if not self._is_placed:
            self._timeline.begin(tag.timestamp, now, now)
            self._is_placed = True
        self._held.add(tag)
        sent = self.tick(now)
        if self._held and self._timeline.ahead_by(self._held.end, now) > HELD_LIMIT:
            self._held.clear()
            self._is_placed = False
        return sent

    def tick(self, now: int) -> list[Tag]:
        """Return the tags whose time has come."""
        sent = list[Tag]()
        while self._held and not self._timeline.is_ahead(self._held.first, now):
            sent += self._output.put(self._held.take(), now, self._timeline)
        if sent:
            self._heard_at = now
        return sent

    def is_over(self, now: int, stall: int) -> bool:
        """Whether nothing of it could be sent for `stall` ms."""
        return self.is_on and now >= self._heard_at + stall

    def next_at(self) -> int | None:
        """Return when the next tag is due, None if none waits."""
        return self._timeline.send_at(self._held.first) if self._held else None

    def end(self, header: Tag | None) -> None:
        """Give the fallback its sound back; `header` is the sequence header of that."""
        if self.is_on:
            self.is_on = self._is_placed = False
            self._held.clear()
            self._output.hear(Sound.FALLBACK, header)
