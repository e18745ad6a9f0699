"""Figures of what a platform received. Pure: connections and messages in, figures out.

Times are seconds of the monotonic clock; silences are milliseconds.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.lab.flv import is_coded, is_media
from tests.lab.rtmp import AUDIO, VIDEO, RtmpMessage
from tests.lab.taps import Connection

AFTER_SECONDS = 5.0  # the stretch after an event in which its silence is measured
AROUND_SECONDS = 1.0  # the stretch on both sides of a change of source


@dataclass(frozen=True)
class Traffic:
    """One platform's counts: TCP connections, connections with media, media messages, timestamp faults."""

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
    """Count coded messages of one connection whose timestamp does not exceed the previous one of their kind.

    Sequence headers and metadata do not count: they carry the time of the message that follows them.
    """
    last = {AUDIO: -1, VIDEO: -1}
    faults = 0
    for message in messages:
        if is_coded(message):
            faults += message.timestamp <= last[message.kind]
            last[message.kind] = message.timestamp
    return faults


def longest_silence(arrivals: Sequence[float], start: float, end: float) -> float:
    """Return the longest silence in ms that overlaps start…end; arrivals are sorted.

    A silence that began before the start or lasts beyond the end counts in full. A silence that never ended
    counts up to the end.
    """
    if start >= end:
        raise ValueError(f"the stretch to measure is empty: it begins at {start} and ends at {end}")
    first = max(0, bisect_right(arrivals, start) - 1)
    moments = list(arrivals[first : bisect_left(arrivals, end) + 1])
    if not moments or moments[0] > start:
        moments.insert(0, start)
    if moments[-1] < end:
        moments.append(end)
    return 1000 * max(after - before for before, after in itertools.pairwise(moments))


def gap_after(arrivals: Sequence[float], event: float) -> float:
    """Return the longest silence in ms within AFTER_SECONDS of an event: a drop, a freeze, a kill."""
    return longest_silence(arrivals, event, event + AFTER_SECONDS)


def gap_around(arrivals: Sequence[float], cut: float) -> float:
    """Return the longest silence in ms within AROUND_SECONDS of the first packet of a new source."""
    return longest_silence(arrivals, cut - AROUND_SECONDS, cut + AROUND_SECONDS)
