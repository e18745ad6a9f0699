"""Figures of one tool's broadcast. Pure: what was sent, what happened and what arrived in, figures out.

Times are seconds of the monotonic clock; gaps and latencies are milliseconds.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.media.broadcast import Event, Record
from benchmarks.media.packets import Packet, Reception
from tests.lab.measure import gap_around, longest_silence

ENDS_LIVE = ("drop", "freeze", "killed", "restart")  # the gap is the silence from the event on
KINDS = ("drop", "return", "freeze", "thaw", "takeover", "killed", "restart")
SILENT_SECONDS = (
    1.0  # nothing for so long before a return: there is no hand-off, the tool had stopped sending
)
LAST_SECONDS = 1.0
SETTLED_SECONDS = 3.0  # after the first live picture the latency is that of the steady state
AFTER_SECONDS = 2.0  # and before that so long it is the latency just after a hand-off


@dataclass(frozen=True)
class Handoff:
    """One event at one platform. None: it never came (gap), or there was nothing to come (from what on).

    `silence_ms` is the longest stretch without a packet from the event to the next: every tool has one.
    """

    kind: str
    gap_ms: float | None
    silence_ms: float
    live_ms: float | None = None
    fallback_ms: float | None = None
    last_second: float | None = None
    was_silent: bool = False


class Evidence:
    """One platform's packets, and when the publisher sent each."""

    def __init__(self, record: Record, reception: Reception) -> None:
        self.record, self.reception = record, reception
        self.arrivals = [packet.arrived for packet in reception.packets]

    def sent(self, packet: Packet) -> float | None:
        """Return when the publisher sent a packet; None if it did not."""
        return None if packet.number is None else self.record.sent.get(packet.number)

    def first_fresh(self, event: Event) -> Packet | None:
        """Return the first picture to arrive that the publisher sent after an event, while it counts."""
        return next(
            (packet for packet in self._pictures(event) if (self.sent(packet) or 0.0) >= event.at), None
        )

    def first_fallback(self, event: Event) -> Packet | None:
        """Return the first picture after an event that is not the publisher's."""
        return next((packet for packet in self._pictures(event) if packet.number is None), None)

    def is_silent_before(self, moment: float) -> bool:
        """Tell whether nothing arrived in the SILENT_SECONDS before a moment."""
        return not any(moment - SILENT_SECONDS <= arrived <= moment for arrived in self.arrivals)

    def _pictures(self, event: Event) -> Iterable[Packet]:
        return (
            packet
            for packet in self.reception.packets
            if packet.is_picture and event.at <= packet.arrived < event.until
        )


def handoffs(evidence: Evidence) -> list[Handoff]:
    """Measure every event at one platform."""
    return [_handoff(evidence, event) for event in evidence.record.events]


def _handoff(evidence: Evidence, event: Event) -> Handoff:
    fresh, slate = evidence.first_fresh(event), evidence.first_fallback(event)
    live = 1000 * (fresh.arrived - event.at) if fresh else None
    fallback = 1000 * (slate.arrived - event.at) if slate else None
    silent = evidence.is_silent_before(event.at)
    moments = [event.at, *(at for at in evidence.arrivals if event.at < at < event.until), event.until]
    silence = 1000 * max(later - earlier for earlier, later in itertools.pairwise(moments))
    if event.kind not in ENDS_LIVE:
        gap = gap_around(evidence.arrivals, fresh.arrived) if fresh and not silent else None
        return Handoff(event.kind, gap, silence, live, fallback, was_silent=silent)
    is_over = any(event.until - SILENT_SECONDS <= arrived < event.until for arrived in evidence.arrivals)
    came = is_over and not silent
    # Cut at the next event: the silence that this one causes is its own.
    before = evidence.arrivals[: bisect_left(evidence.arrivals, event.until)]
    gap = longest_silence(before, event.at, event.until) if came else None
    share = last_second(evidence, event.at) if event.kind == "drop" else None
    return Handoff(event.kind, gap, silence, live, fallback, share, silent)


def last_second(evidence: Evidence, moment: float) -> float | None:
    """Return the part of the packets sent in the last second before a drop that ever arrived."""
    sent = {number for number, at in evidence.record.sent.items() if moment - LAST_SECONDS <= at <= moment}
    arrived = {packet.number for packet in evidence.reception.packets}
    return len(sent & arrived) / len(sent) if sent else None


def lost_connections(evidence: Evidence) -> int:
    """Count the connections that ended while the events were played."""
    record = evidence.record
    ends = [closed for _, closed in evidence.reception.connections if closed is not None]
    return sum(record.began <= closed <= record.ended for closed in ends)


@dataclass(frozen=True)
class Latencies:
    """Milliseconds from the publisher's packet to the platform's: steady, and just after hand-offs."""

    steady: list[float]
    after: list[float]


def latencies(evidence: Evidence) -> Latencies:
    """Measure every packet of the publisher; without events all are of the steady state."""
    record = evidence.record
    stretches = list(_live_stretches(evidence))
    steady, after = [], []
    for packet in evidence.reception.packets:
        sent = evidence.sent(packet)
        if sent is None or not record.began <= packet.arrived <= record.ended:
            continue
        late = 1000 * (packet.arrived - sent)
        for begun, ended in stretches:
            if begun + SETTLED_SECONDS <= sent < ended:
                steady.append(late)
            elif begun <= packet.arrived < begun + AFTER_SECONDS and sent < ended:
                after.append(late)
    return Latencies(steady, after)


def _live_stretches(evidence: Evidence) -> Iterable[tuple[float, float]]:
    """Yield from when to when the publisher was there and sent: from the first picture to the next event."""
    record = evidence.record
    if not record.events:
        yield record.began - SETTLED_SECONDS, record.ended
    ends: Sequence[float] = [*(event.at for event in record.events[1:]), record.ended]
    for event, end in zip(record.events, ends, strict=False):
        fresh = evidence.first_fresh(event) if event.kind not in ("drop", "freeze") else None
        if fresh is not None:
            yield fresh.arrived, end
