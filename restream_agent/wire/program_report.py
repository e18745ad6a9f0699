"""What the program reports to the agent twice a second, in a datagram each. Pure.

Times are in ms, sizes in bytes, rates in bit/s and pictures per second. Timestamps and times count from the
beginning of the broadcast. The program counts and the agent only shows, so a restarted agent has every total.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from restream_agent.wire import records


@dataclass(frozen=True)
class LiveReport:
    """The publisher's stream: `size` and `frames` since it connected, rates since the last report.

    `keyframe_interval` is between its last two keyframes, 0 before there were two; it is negative after a
    timestamp that goes back. `width` and `height` are in pixels. `speed` is seconds of stream that
    arrived in a second over the last 10 s, None while it is not known; `late` is how much later the
    stream arrives than at its best. `profile` is that of H.264 or HEVC, in ffmpeg's words; `full_range`
    says that white is 255, not 235. `sample_rate` is in Hz. `stated_rate` is the frame rate of the
    publisher's metadata, `measured_rate` the one measured over some seconds. 0 and "" stand for what is
    not known. `other_tracks` names the tracks that are not played, such as "sound track 2 (aac)".
    `waits_for` says what keeps the stream from being shown ("settle", "data", "picture", "keyframe" or
    "real time"), `waited` for how long it has; "" and 0 if it is shown or is not to be. `keyframe_age` is
    the time since its last keyframe, None before the first. `missing` is what does not come though it is
    connected. `broadcast_sound` is the codec of sound that the relays have, if the publisher's is another and
    left out. `age` is the time since it connected, at which it had `size` bytes and `frames` pictures.
    `connection` tells the connection from every other, "" if the program is of an earlier version.
    """

    connected: bool
    size: int
    frames: int
    bitrate: int
    frame_rate: float
    keyframe_interval: int
    width: int
    height: int
    speed: float | None = None
    late: int = 0
    video_codec: str = ""
    audio_codec: str = ""
    profile: str = ""
    full_range: bool = False
    sample_rate: int = 0
    channels: int = 0
    stated_rate: float = 0.0
    measured_rate: float = 0.0
    other_tracks: tuple[str, ...] = ()
    waits_for: str = ""
    waited: int = 0
    keyframe_age: int | None = None
    missing: Literal["", "picture", "sound", "all"] = ""
    broadcast_sound: str = ""
    age: int = 0
    connection: str = ""


@dataclass(frozen=True)
class MarkReport:
    """A mark (stream/marks.py): its position in a relay's stream, FLV's number of its kind, its timestamp."""

    position: int
    kind: int
    timestamp: int


@dataclass(frozen=True)
class RelayReport:
    """One relay's connection to the program.

    `beginning` is the timestamp of the first tag that the relay was sent, None before that. `sent` counts
    bytes, `skipped` pictures since it connected; `behind` (ms) and `queued` (bytes) wait in its queue.
    `marks` are the newest marks that it was sent. A relay that has taken everything and can go on only at the
    next keyframe `lacks_keyframe`.
    """

    beginning: int | None
    sent: int
    behind: int
    queued: int
    skipped: int
    marks: tuple[MarkReport, ...] = ()
    lacks_keyframe: bool = False


@dataclass(frozen=True)
class HandOffKindReport:
    """All hand-offs of one kind: `count` of them, of which `gaps` had a packet before; their gaps' sum in ms.

    `within` counts the gaps up to each of the bounds, cumulatively, as Prometheus's histograms do.
    """

    count: int
    gaps: int
    total: int
    within: tuple[int, ...]


@dataclass(frozen=True)
class HandOffReport:
    """One hand-off: its kind, the source after it, how long `ago`, and the gap without a packet.

    The gap is None if no packet was sent before. `stalled` says what stopped at a stall: "picture" or "all".
    """

    kind: str
    source: str
    ago: int
    gap: int | None
    stalled: str = ""


@dataclass(frozen=True)
class HandOffsReport:
    """The broadcast's hand-offs: each kind's totals, and the newest ones, oldest first.

    `bounds` are the upper bounds in ms by which `within` of each kind counts. A program of an earlier version
    reports no bounds, though it counts by some.
    """

    kinds: Mapping[str, HandOffKindReport]
    recent: tuple[HandOffReport, ...]
    bounds: tuple[int, ...] = ()


@dataclass(frozen=True)
class ProgramReport:
    """One report.

    `source` is what the program plays, `since` for how long; `cause` is the kind of the last hand-off,
    "start" before the first. `position` is the last timestamp that was sent, -1 before the first. `held` says
    that the operator keeps the fallback on. `relays` has the connected relays by name. `sound` is where the
    sound comes from, "" if that is not known. `stalls` counts the stalls by what stopped: "picture", "sound"
    or "all".
    """

    source: Literal["none", "live", "fallback"]
    position: int
    since: int
    cause: str
    held: bool
    hand_offs: HandOffsReport
    live: LiveReport
    relays: Mapping[str, RelayReport]
    sound: Literal["", "none", "live", "fallback", "silence"] = ""
    stalls: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, datagram: bytes) -> "ProgramReport":
        """Read a datagram; TypeError or ValueError, with the key in the message, if it is not a report."""
        report = records.parse(cls, datagram)
        _check(report)
        return report


def _check(report: ProgramReport) -> None:
    """Raise ValueError for a count below 0, and for totals that do not fit their bounds.

    This is the reader's part: the program itself sends whatever it has counted, and goes on.
    """
    live, hand_offs = report.live, report.hand_offs
    _refuse_negative("live", live.size, live.frames, live.bitrate, live.frame_rate, live.width, live.height)
    _refuse_negative("live", live.speed or 0, live.late, live.waited, live.keyframe_age or 0, live.age)
    _refuse_negative("live", live.sample_rate, live.channels, live.stated_rate, live.measured_rate)
    _refuse_negative("stalls", 0, *report.stalls.values())
    for name, relay in report.relays.items():
        _refuse_negative(f"relays.{name}", relay.sent, relay.behind, relay.queued, relay.skipped)
    for kind, totals in hand_offs.kinds.items():
        place = f"hand_offs.kinds.{kind}"
        _refuse_negative(place, totals.count, totals.gaps, totals.total, *totals.within)
        if hand_offs.bounds and len(totals.within) != len(hand_offs.bounds):
            raise ValueError(f"{place}.within: has another length than hand_offs.bounds")


def _refuse_negative(place: str, *numbers: float) -> None:
    if min(numbers) < 0:
        raise ValueError(f"{place}: holds a number below 0")
