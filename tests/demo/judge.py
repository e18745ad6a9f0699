"""The verdict on a broadcast: figures against bounds, received pictures against expected ones. Pure."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from tests.demo.events import SILENT_AFTER, SILENT_AROUND, Event, Story
from tests.lab.measure import Traffic, gap_after, gap_around, traffic
from tests.lab.received import Received, Shown
from tests.lab.taps import Connection

HAND_OFF_MS = 200.0
STALL_MS = 1000.0  # the product's default `ingest.stall`
PROGRAM_KILLED_MS = 600.0
FIRST_PICTURE_MS = 3000.0
AV_OFFSET_MS = 60.0
RESIDENT_MB = 30
CORE = 0.05
BOUNDS = {
    "drop": HAND_OFF_MS,
    "return": HAND_OFF_MS,
    "stall": STALL_MS + HAND_OFF_MS,
    "thaw": HAND_OFF_MS,
    "takeover": HAND_OFF_MS,
    "program_killed": PROGRAM_KILLED_MS,
    "program_restarted": HAND_OFF_MS,
    "ingest_killed": HAND_OFF_MS,
    "first_live_picture": FIRST_PICTURE_MS,
}


@dataclass(frozen=True)
class Evidence:
    """Everything that one platform received: connections, decoded content, arrival times."""

    connections: tuple[Connection, ...]
    received: tuple[Received, ...]
    arrivals: tuple[float, ...]

    def shown(self) -> list[Shown]:
        """Return all pictures by arrival."""
        return sorted(
            (shown for part in self.received for shown in part.shown), key=lambda shown: shown.arrived
        )

    def first_of(self, source: str, after: float) -> Shown | None:
        """Return the first picture of a source that arrived after a time."""
        return next(
            (shown for shown in self.shown() if shown.source == source and shown.arrived > after), None
        )


@dataclass(frozen=True)
class Handoff:
    """One gap at one platform, in ms; None if the expected picture never came.

    A single gap may be long on a busy machine and does not fail the broadcast. The median of a kind does,
    and so does a picture that never came.
    """

    kind: str
    platform: str
    time: float
    gap_ms: float | None


@dataclass(frozen=True)
class Figures:
    """One platform's row of the table; av_* in ms, None without a whole clap."""

    traffic: Traffic
    decode_errors: int
    max_av_offset_ms: float | None
    av_median_begin_ms: float | None
    av_median_end_ms: float | None

    def is_ok(self) -> bool:
        """Tell whether the platform had one connection without faults."""
        offset = self.max_av_offset_ms
        whole = (self.traffic.connections, self.traffic.non_monotonic, self.decode_errors) == (1, 0, 0)
        return whole and offset is not None and offset <= AV_OFFSET_MS


@dataclass(frozen=True)
class Verdict:
    """All figures, and in words every fault."""

    platforms: Mapping[str, Figures]
    handoffs: tuple[Handoff, ...]
    faults: tuple[str, ...]

    def medians(self) -> dict[str, float]:
        """Return the median gap in ms of each measured kind."""
        gaps = {kind: self.gaps(kind) for kind in BOUNDS}
        return {kind: statistics.median(values) for kind, values in gaps.items() if values}

    def is_ok(self, kind: str) -> bool:
        """Tell whether every hand-off of a kind came, with a median gap within its bound."""
        never = any(h.gap_ms is None for h in self.handoffs if h.kind == kind)
        return not never and self.medians().get(kind, 0) <= BOUNDS[kind]

    def gaps(self, kind: str) -> list[float]:
        """Return the gaps in ms of one kind over all platforms, without those that never ended."""
        return [h.gap_ms for h in self.handoffs if h.kind == kind and h.gap_ms is not None]


def judge(story: Story, evidence: Mapping[str, Evidence]) -> Verdict:
    """Measure every event on every platform, and describe each fault."""
    handoffs = [
        handoff
        for event in story.events
        for name, seen in evidence.items()
        for handoff in measure(event, name, seen)
    ]
    rows = {name: figures(seen) for name, seen in evidence.items()}
    gaps = Verdict(rows, tuple(handoffs), ())
    faults = [
        f"{kind} took {words(gaps.medians().get(kind))}, more than the bound of {words(BOUNDS[kind])}"
        for kind in BOUNDS
        if not gaps.is_ok(kind)
    ]
    faults += [
        f"{name}: did not have exactly one connection without faults"
        for name, row in rows.items()
        if not row.is_ok()
    ]
    for name, seen in evidence.items():
        faults += picture_faults(story, name, seen)
        faults += [f"{name}: ffmpeg reports: {line}" for part in seen.received for line in part.errors]
    if story.load and (story.load.resident_mb > RESIDENT_MB or story.load.core > CORE):
        faults.append(f"the program took {story.load.resident_mb:.0f} MB, {story.load.core:.1%} of a core")
    return Verdict(rows, tuple(handoffs), (*faults, *story.complaints))


def measure(event: Event, platform: str, evidence: Evidence) -> list[Handoff]:
    """Return an event's cost at a platform: its gap and, after a publish, the wait for a live picture."""
    handoffs = []
    first = evidence.first_of(event.brings, event.time)
    if event.kind in SILENT_AFTER:
        handoffs.append(Handoff(event.kind, platform, event.time, gap_after(evidence.arrivals, event.time)))
    elif event.kind in SILENT_AROUND:
        gap = gap_around(evidence.arrivals, first.arrived) if first else None
        handoffs.append(Handoff(event.kind, platform, event.time, gap))
    if event.published is not None:
        wait = 1000 * (first.arrived - event.published) if first else None
        handoffs.append(Handoff("first_live_picture", platform, event.time, wait))
    return handoffs


def figures(evidence: Evidence) -> Figures:
    """Return one platform's row."""
    offsets = [offset for part in evidence.received for _, offset in part.av_offsets]
    few = max(1, len(offsets) // 4)
    return Figures(
        traffic=traffic(evidence.connections),
        decode_errors=sum(len(part.errors) for part in evidence.received),
        max_av_offset_ms=max(map(abs, offsets)) if offsets else None,
        av_median_begin_ms=statistics.median(offsets[:few]) if offsets else None,
        av_median_end_ms=statistics.median(offsets[-few:]) if offsets else None,
    )


def picture_faults(story: Story, platform: str, evidence: Evidence) -> list[str]:
    """Describe the phases in which a platform received a wrong source or nothing."""
    shown = evidence.shown()
    faults = []
    for phase in story.phases:
        during = [frame.source for frame in shown if phase.start <= frame.arrived <= phase.end]
        wrong = sum(source != phase.source for source in during)
        when = f"{phase.start - story.started:.1f}…{phase.end - story.started:.1f} s"
        if wrong:
            faults.append(f"{platform}: {wrong} of {len(during)} pictures at {when} are not {phase.source}")
        elif not during:
            faults.append(f"{platform}: no picture at {when}, where {phase.source} should be")
    return faults


def words(milliseconds: float | None) -> str:
    """Return a figure in words."""
    return "for ever" if milliseconds is None else f"{milliseconds:.0f} ms"
