"""What the program knows of the stream and of itself, in words for systemd and in JSON for the agent."""

from dataclasses import dataclass, field
from typing import Any

from restream_agent.program.relay_connection import RelayConnection
from restream_agent.stream.flv import VIDEO, Tag, metadata
from restream_agent.stream.hand_offs import HandOffLog
from restream_agent.stream.splice import Source, Splice


@dataclass
class Meter:
    """Counts what a publisher sends: bit/s and frames/s over the last report, keyframe interval in ms.

    `size` and `frames` are all bytes and pictures since it came.
    """

    size: int = 0
    frames: int = 0
    bitrate: float = 0.0
    frame_rate: float = 0.0
    keyframe_interval: int = 0
    width: int = 0
    height: int = 0
    _bytes: int = 0
    _frames: int = 0
    _keyframe_at: int | None = None

    def count(self, tag: Tag) -> None:
        """Note one tag of the publisher's stream."""
        self._bytes += len(tag.body)
        if tag.kind == VIDEO and tag.is_media:
            self._frames += 1
            if tag.is_keyframe:
                if self._keyframe_at is not None:
                    self.keyframe_interval = tag.timestamp - self._keyframe_at
                self._keyframe_at = tag.timestamp
        elif numbers := metadata(tag):
            self.width, self.height = int(numbers.get("width", 0)), int(numbers.get("height", 0))

    def close_interval(self, milliseconds: int) -> None:
        """Turn the counts since the last call into rates, and add them up."""
        self.size += self._bytes
        self.frames += self._frames
        self.bitrate = self._bytes * 8000 / milliseconds
        self.frame_rate = self._frames * 1000 / milliseconds
        self._bytes = self._frames = 0


@dataclass(frozen=True)
class Report:
    """One look at the program: `now` in ms of the broadcast, `position` the last timestamp that was sent."""

    now: int
    position: int
    splice: Splice
    ledger: HandOffLog
    relays: list[RelayConnection]
    meter: Meter = field(default_factory=Meter)

    def words(self) -> str:
        """Return the line for `STATUS=`, such as "live 1280x720 30 fps 3.1 Mb/s, 4 relays"."""
        count = len(self.relays)
        relays = f"{count} relay" if count == 1 else f"{count} relays"
        meter = self.meter
        if self.splice.source is Source.LIVE:
            size = f" {meter.width}x{meter.height}" if meter.width else ""
            return f"live{size} {meter.frame_rate:.0f} fps {meter.bitrate / 1e6:.1f} Mb/s, {relays}"
        if self.splice.source is Source.NONE:
            return f"opening, {relays}"
        reason = ", held by the operator" if self.splice.is_held else ""
        return f"fallback{reason}, {relays}"

    def as_json(self) -> dict[str, Any]:
        """Return the telemetry: times in ms, rates in bit/s and 1/s, sizes in bytes."""
        change, meter = self.splice.last_hand_off, self.meter
        return {
            "source": self.splice.source.value,
            "position": self.position,
            "since": self.now - change.at if change else self.now,
            "cause": change.kind if change else "start",
            "held": self.splice.is_held,
            "hand_offs": self.ledger.as_json(self.now),
            "live": {
                "connected": self.splice.has_live,
                "size": meter.size,
                "frames": meter.frames,
                "bitrate": round(meter.bitrate),
                "frame_rate": round(meter.frame_rate, 2),
                "keyframe_interval": meter.keyframe_interval,
                "width": meter.width,
                "height": meter.height,
            },
            "relays": {
                relay.name: {
                    "beginning": relay.outlet.beginning,
                    "sent": relay.outlet.sent,
                    "behind": relay.outlet.behind,
                    "queued": relay.outlet.size,
                    "skipped": relay.outlet.skipped,
                }
                for relay in self.relays
            },
        }
