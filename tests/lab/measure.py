"""What a platform saw, from what crossed the wire. Pure: connections and messages in, figures out.

Times are seconds of the monotonic clock, silences milliseconds.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.lab.flv import is_coded, is_media
from tests.lab.rtmp import AUDIO, VIDEO, RtmpMessage
from tests.lab.taps import Connection

AFTER_SECONDS = 5.0  # how long after an event its silence is looked for
AROUND_SECONDS = 1.0  # and how far on both sides of a change of pictures


@dataclass(frozen=True)
class Traffic:
    """Figures of one platform: TCP connections, those with media, media messages, clock faults."""

    tcp_connections: int
    connections: int
    packets: int
    non_monotonic: int


def traffic(connections: Iterable[Connection]) -> Traffic:
    """Count over all connections of one platform."""
    every = list(connections)
    return Traffic(
        tcp_connections=len(every),
        connections=sum(connection.has_media() for connection in every),
        packets=sum(is_media(message) for connection in every for message in connection.messages),
        non_monotonic=sum(non_monotonic(connection.messages) for connection in every),
    )


def non_monotonic(messages: Iterable[RtmpMessage]) -> int:
    """Count coded messages not stamped later than the one before of their kind, on one connection.

    Sequence headers and metadata carry the time of what follows them and do not count.
    """
    last = {AUDIO: -1, VIDEO: -1}
    faults = 0
    for message in messages:
        if is_coded(message):
            faults += message.timestamp <= last[message.kind]
            last[message.kind] = message.timestamp
    return faults


def longest_silence(arrivals: Sequence[float], start: float, end: float) -> float:
    """Return the longest time in ms without an arrival that overlaps start…end; arrivals are sorted.

    A silence that began before the start or lasts beyond the end counts in full; one that never ended, to
    the end.
    """
    if start >= end:
        raise ValueError("the span to look at ends before it begins")
    first = max(0, bisect_right(arrivals, start) - 1)
    moments = list(arrivals[first : bisect_left(arrivals, end) + 1])
    if not moments or moments[0] > start:
        moments.insert(0, start)
    if moments[-1] < end:
        moments.append(end)
    return 1000 * max(after - before for before, after in itertools.pairwise(moments))


def gap_after(arrivals: Sequence[float], event: float) -> float:
    """Return the longest silence in ms in the five seconds after an event: a drop, a freeze, a kill."""
    return longest_silence(arrivals, event, event + AFTER_SECONDS)


def gap_around(arrivals: Sequence[float], cut: float) -> float:
    """Return the longest silence in ms within a second of the first packet of a new source."""
    return longest_silence(arrivals, cut - AROUND_SECONDS, cut + AROUND_SECONDS)
