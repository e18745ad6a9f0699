"""A splice that is handed over again and again sends what one sends that runs on."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.program.handover import FORMAT
from restream_agent.stream.hand_off import Settings, Source
from restream_agent.stream.splice import Splice
from restream_agent.stream.timeline import Timeline
from tests.unit.stream.splice_bench import SpliceBench
from tests.unit.stream.test_uneven_sources import PICTURE_TRACKS, SOUND_TRACKS
from tests.unit.stream.uneven_source import Track, send

LENGTH = 12_000


@dataclass
class RestartedBench(SpliceBench):
    """A bench whose program is restarted as planned every so many ms, unless the fallback plays."""

    every: int = 500
    restarts: int = 0
    _at: int = 0

    def pass_time(self, milliseconds: int) -> None:
        super().pass_time(milliseconds)
        if self.now - self._at >= self.every and self.source() is not Source.FALLBACK:
            self.hand_over()

    def hand_over(self) -> None:
        """Have another splice go on with what this one leaves."""
        before = FORMAT.load(Splice, b"".join(FORMAT.dump(self.splice)))
        self.timeline = Timeline(last=self.timeline.last)
        self.splice = self.made(resumed=True)
        self.take(self.splice.go_on(before, self.now))
        self._at, self.restarts = self.now, self.restarts + 1


def played(bench: SpliceBench, pictures: Track | None, sounds: Track | None) -> SpliceBench:
    """Play a publisher and what follows its end."""
    bench.pass_time(300)
    send(bench, LENGTH, pictures, sounds, group=1000)
    bench.pass_time(2000)
    return bench


@given(pictures=PICTURE_TRACKS, sounds=SOUND_TRACKS, every=st.sampled_from([35, 200, 1500]))
@settings(max_examples=30, deadline=None)
def test_no_tag_is_lost_repeated_or_moved(pictures: Track | None, sounds: Track | None, every: int) -> None:
    """Held tags, bursts, silence, drift and stalls included, whatever a publisher's tracks do."""
    assert (
        played(SpliceBench(), pictures, sounds).sent
        == played(RestartedBench(every=every), pictures, sounds).sent
    )


def test_an_ordinary_publisher_is_shown_through_many_restarts() -> None:
    """So that the property above is not of nothing."""
    bench = RestartedBench(every=35)
    played(bench, Track(40), Track(1024 / 48))
    assert bench.restarts > 200


@pytest.mark.parametrize("every", [35, 400])
def test_a_broadcast_that_waits_for_live_waits_on(every: int) -> None:
    """The opening is as long as without the restarts."""
    bench = RestartedBench(Settings(opening=5000), every=every)
    bench.pass_time(10)
    while bench.source() is Source.NONE:
        bench.pass_time(10)
    assert (bench.now, bench.restarts > 10) == (5000, True)


def test_a_fallback_begins_anew_and_its_publisher_is_shown_at_the_next_keyframe() -> None:
    """The publisher's stream is not begun anew: its next keyframe is shown."""
    bench = RestartedBench(Settings(standby=True, settle=1000))
    bench.pass_time(1000)
    bench.connect()
    bench.play(500)
    bench.hand_over()
    assert (bench.source(), bench.splice.has_live) == (Source.FALLBACK, True)
    bench.play(2500)
    assert bench.source() is Source.LIVE
