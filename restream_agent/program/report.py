"""What the program says of itself: a line for systemd, and the report for the agent."""

from dataclasses import dataclass, field

from restream_agent.program.crash_state import BEGINS_AT
from restream_agent.program.meter import Meter
from restream_agent.program.relay_connection import RelayConnection
from restream_agent.stream.fanout import RelayQueue
from restream_agent.stream.hand_off import Source
from restream_agent.stream.hand_offs import BUCKETS, HandOffLog
from restream_agent.stream.splice import Splice
from restream_agent.wire.program_report import (
    HandOffKindReport,
    HandOffReport,
    HandOffsReport,
    LiveReport,
    MarkReport,
    ProgramReport,
    RelayReport,
)


@dataclass(frozen=True)
class ProgramState:
    """The program at one moment: `now` in ms of the broadcast, `position` the last timestamp sent."""

    now: int
    position: int
    splice: Splice
    hand_off_log: HandOffLog
    relays: list[RelayConnection]
    meter: Meter = field(default_factory=Meter)

    def words(self) -> str:
        """Return the line for `STATUS=`, such as "live 1280x720 30 fps 3.1 Mb/s, 4 relays"."""
        count = len(self.relays)
        relays = f"{count} relay" if count == 1 else f"{count} relays"
        meter = self.meter
        if self.splice.source is Source.LIVE:
            width, height = meter.shape.size
            size = f" {width}x{height}" if width else ""
            return f"live{size} {meter.frame_rate:.0f} fps {meter.bitrate / 1e6:.1f} Mb/s, {relays}"
        if self.splice.source is Source.NONE:
            return f"opening, {relays}"
        reason = ", held by the operator" if self.splice.is_held else ""
        reason += " with live sound" if self.splice.is_radio else ""
        return f"fallback{reason}, {relays}"

    def report(self) -> ProgramReport:
        """Return the report for the agent."""
        change = self.splice.last_hand_off
        return ProgramReport(
            source=self.splice.source.value,
            position=self.position,
            since=max(0, self.now - (change.at if change else BEGINS_AT)),
            cause=change.kind if change else "start",
            held=self.splice.is_held,
            hand_offs=hand_offs(self.hand_off_log, self.now),
            live=self._live(),
            relays={relay.name: self._relay(relay.queue) for relay in self.relays},
            sound=self.splice.sound.value,
            stalls={kind.value: count for kind, count in self.hand_off_log.stalls.items()},
        )

    def _relay(self, queue: RelayQueue) -> RelayReport:
        """Return the report on a relay; before the program has begun, no keyframe is lacking."""
        marks = tuple(MarkReport(mark.position, mark.kind, mark.timestamp) for mark in queue.marks)
        lacks_keyframe = queue.lacks_keyframe and self.splice.source is not Source.NONE
        return RelayReport(
            queue.beginning, queue.sent, queue.behind, queue.size, queue.skipped, marks, lacks_keyframe
        )

    def _live(self) -> LiveReport:
        meter, shape = self.meter, self.meter.shape
        waits_for, waited = self.splice.waits_for(self.now)
        return LiveReport(
            connected=self.splice.has_live,
            size=meter.size,
            frames=meter.frames,
            bitrate=round(meter.bitrate),
            frame_rate=round(meter.frame_rate, 2),
            keyframe_interval=meter.keyframe_interval,
            speed=None if meter.pace.speed is None else round(meter.pace.speed, 3),
            late=meter.pace.late,
            width=shape.size[0],
            height=shape.size[1],
            video_codec=shape.video_codec,
            audio_codec=shape.audio_codec,
            profile=shape.picture.profile,
            full_range=shape.picture.is_full_range,
            sample_rate=shape.sound.sample_rate,
            channels=shape.sound.channels,
            stated_rate=round(shape.stated_rate, 3),
            measured_rate=round(shape.measured_rate, 2),
            other_tracks=meter.others,
            broadcast_sound=meter.broadcast_sound,
            waits_for=waits_for,
            waited=waited,
            keyframe_age=meter.keyframe_age(self.now),
            age=meter.age,
            connection=meter.connection,
            missing=self.splice.missing(self.now).value,
        )


def hand_offs(log: HandOffLog, now: int) -> HandOffsReport:
    """Return the totals of each kind, and the newest hand-offs with how many ms before `now` they were."""
    kinds = {
        kind: HandOffKindReport(totals.count, totals.gaps, totals.total, tuple(totals.within))
        for kind, totals in log.totals.items()
    }
    recent = tuple(
        HandOffReport(hand_off.kind, hand_off.source.value, now - hand_off.at, gap, hand_off.stalled.value)
        for hand_off, gap in log.recent
    )
    return HandOffsReport(kinds, recent, BUCKETS)
