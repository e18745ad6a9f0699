"""A splice with its clock and everything that it sent, for the tests of the program's rules."""

import itertools
from dataclasses import dataclass, field

from restream_agent.stream.flv import Tag
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.splice import Splice
from restream_agent.stream.timeline import Timeline
from tests.unit.stream.flv_making import is_silence, origin, stream

FALLBACK = 0
FALLBACK_FILE = stream(FALLBACK, 0, 5000)


@dataclass
class SpliceBench:
    """A splice with a clock that the test moves, and all that it sent."""

    settings: Settings = field(default_factory=Settings)
    now: int = 0
    sent: list[tuple[int, Tag]] = field(default_factory=list)
    publishers: int = 0
    fallback: list[Tag] = field(default_factory=lambda: FALLBACK_FILE)

    def __post_init__(self) -> None:
        self.timeline = Timeline()
        self.splice = self.made(resumed=False)

    def made(self, *, resumed: bool) -> Splice:
        return Splice(self.settings, lambda: self.fallback, self.timeline, now=self.now, resumed=resumed)

    def take(self, tags: list[Tag]) -> None:
        self.sent += [(self.now, tag) for tag in tags]

    def pass_time(self, milliseconds: int) -> None:
        end = self.now + milliseconds
        while self.now < end:
            self.now = min(end, max(self.now + 1, self.splice.next_wake(self.now)))
            self.take(self.splice.tick(self.now))

    def restart(self) -> None:
        """Kill the program, and start another that knows only the clock."""
        self.timeline = Timeline(last=self.timeline.last)
        self.splice = self.made(resumed=True)

    def connect(self, start: int = 0) -> None:
        self.publishers += 1
        self.take(self.splice.live_started(self.now))
        self.position = start
        for header in stream(self.publishers, 0, 1)[:2]:
            self.take(self.splice.live_tag(header, self.now))

    def play(self, milliseconds: int, *, speed: float = 1.0, group: int = 2000) -> None:
        """Have the publisher send so many ms of its stream; with `speed` 0 all at once."""
        begun, first = self.now, self.position
        for tag in stream(self.publishers, first, milliseconds, group=group)[2:]:
            due = begun + (round((tag.timestamp - first) / speed) if speed else 0)
            if due > self.now:
                self.pass_time(due - self.now)
            self.take(self.splice.live_tag(tag, self.now))
        self.position += milliseconds

    def source(self) -> Source:
        return self.splice.source

    def media(self) -> list[tuple[int, Tag]]:
        """Return the sound and the pictures of the sources, without silence."""
        return [(at, tag) for at, tag in self.sent if tag.is_media and not is_silence(tag)]

    def source_changes(self) -> int:
        """Count how often the source of the tags that were sent changed."""
        return len(list(itertools.groupby(origin(tag)[0] for _, tag in self.media()))) - 1


def on_air() -> SpliceBench:
    """Return a bench that shows live after the fallback."""
    bench = SpliceBench(Settings(standby=True))
    bench.pass_time(1000)
    bench.connect()
    bench.play(3000)
    assert bench.source() is Source.LIVE
    return bench
