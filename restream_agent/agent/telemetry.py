"""Receives the reports of the program and of each relay's ffmpeg, as datagrams.

The program reports twice a second to a Unix socket (wire/program_report.py). Each ffmpeg reports once a
second to a UDP port of loopback (ffmpeg_progress.py), from an address of 127.0.0.0/8 that is its relay's
own: the agent knows the relay by the sender, and no two relays need the same port. The agent only listens,
so neither program nor relays notice when it is away.
"""

import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from restream_agent.agent.ffmpeg_progress import ProgressHistory, read
from restream_agent.agent.lip_sync import LipSync
from restream_agent.wire.passed_mark import PassedMark
from restream_agent.wire.program_report import ProgramReport

log = logging.getLogger(__name__)

_LARGEST = 256 * 1024
"""Bytes of a datagram."""

_AT_ONCE = 100
"""Datagrams that are taken before the event loop goes on. Whoever sends faster than the agent reads must not
keep hooks from being answered."""

_BYTES_AT_ONCE = 64 * 1024
"""Bytes after which the event loop goes on, too. A report of 40 relays has 5 KB; the largest takes 70 ms, and
whoever sends many of them must not hold up the hooks of other channels."""

_MOST_DISCARDED = 20_000
"""Datagrams. A socket's buffer holds fewer (net.core.rmem_max)."""

STALE = 3.0
"""Seconds without a report after which the program, or a relay's ffmpeg, counts as silent."""


@dataclass
class Telemetry:
    """The newest reports, and the times that are needed to judge them.

    `relays` maps each relay's address to its name. `report` is the program's newest report, received at
    `received_at`; `refused` counts the datagrams that were not reports. `deliveries` has each relay's reports
    by name, `lip_syncs` the marks of its connection. `taken_at` is when each relay last took anything from
    the program, `lacked_at` when it last lacked a keyframe, `moved_at` when the program last sent anything,
    `running_since` since when it has been sending, `heard_at` when the publisher's stream last reached the
    program. A report from before `ended_at` is of a broadcast that has ended. Reports are received since
    `began_at`. Times are seconds of the monotonic clock.
    """

    relays: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    report: ProgramReport | None = None
    received_at: float = float("-inf")
    refused: int = 0
    deliveries: dict[str, ProgressHistory] = field(default_factory=dict)
    lip_syncs: dict[str, LipSync] = field(default_factory=dict)
    taken_at: dict[str, float] = field(default_factory=dict)
    lacked_at: dict[str, float] = field(default_factory=dict)
    running_since: float = float("inf")
    moved_at: float = float("-inf")
    heard_at: float = float("-inf")
    ended_at: float = float("-inf")
    _is_refusing: bool = False

    def __post_init__(self) -> None:
        self.began_at = self.clock()

    def receive(self, connection: socket.socket) -> None:
        """Take the datagrams that wait; count those that are not reports, and log the first of them."""
        for data, _ in _datagrams(connection):
            try:
                report = ProgramReport.read(data)
            except (TypeError, ValueError) as error:
                self.refused += 1
                if not self._is_refusing:
                    log.warning("ignored a datagram that is not a report of the program: %s", error)
                self._is_refusing = True
            else:
                self._is_refusing = False
                self._note(report, self.clock())

    def note_progress(self, sender: str, data: bytes) -> None:
        """Note what a relay's ffmpeg has sent from an address; ignore unknown senders and other data."""
        relay, progress = self.relays.get(sender), read(data)
        if relay is not None and (mark := PassedMark.read(data)) is not None:
            self.lip_syncs.setdefault(relay, LipSync()).pass_on(mark, self.clock())
        if relay is None or progress is None:
            return
        if relay in self.deliveries:
            self.deliveries[relay].add(progress, self.clock())
        else:
            self.deliveries[relay] = ProgressHistory.begin(progress, self.clock())

    def _note(self, report: ProgramReport, now: float) -> None:
        """Keep a report; note since when the program has been sending, and who sent or took anything."""
        previous = self.report
        if report.live.connected and (previous is None or report.live.size != previous.live.size):
            self.heard_at = now
        if report.position not in (-1, None if previous is None else previous.position):
            if now - self.moved_at > STALE:
                self.running_since = now
            self.moved_at = now
        for name in report.relays.keys() & set(self.relays.values()):
            relay = report.relays[name]
            before = None if previous is None else previous.relays.get(name)
            if before is None or relay.sent != before.sent:
                self.taken_at[name] = now
            lip_sync = self.lip_syncs.setdefault(name, LipSync())
            if before is not None and (relay.sent < before.sent or relay.beginning != before.beginning):
                lip_sync.restart()
            lip_sync.expect(relay.marks)
            if relay.lacks_keyframe:
                self.lacked_at[name] = now
        self.report, self.received_at = report, now

    @property
    def fresh_report(self) -> ProgramReport | None:
        """The newest report of this broadcast, None if the program is silent."""
        if self.received_at <= self.ended_at or self._is_silent:
            return None
        return self.report

    @property
    def is_heard(self) -> bool:
        """Whether a publisher's stream reaches the program, even if the operator has the fallback shown."""
        report = None if self._is_silent else self.report
        return report is not None and report.live.connected and self.clock() - self.heard_at <= STALE

    @property
    def _is_silent(self) -> bool:
        return self.clock() - self.received_at > STALE

    @property
    def source(self) -> str | None:
        """What the program plays ("none", "live", "fallback"), None if it is silent."""
        report = self.fresh_report
        return None if report is None else report.source

    @property
    def position(self) -> float | None:
        """The program's last timestamp by now, in ms, None if it sends nothing.

        Between two reports it goes on at the pace of the clock.
        """
        now = self.clock()
        if self.report is None or self.received_at <= self.ended_at or now - self.moved_at > STALE:
            return None
        return self.report.position + (now - self.received_at) * 1000

    @property
    def running_for(self) -> float:
        """For how many seconds the program has been sending without a pause of STALE, 0 if it is silent."""
        now = self.clock()
        return now - self.running_since if now - self.moved_at <= STALE else 0.0

    @property
    def fallback_for(self) -> float:
        """For how many seconds the fallback has been playing; 0 if it is not, or if the program is silent."""
        report = self.fresh_report
        return report.since / 1000 if report is not None and report.source == "fallback" else 0.0


def _datagrams(
    connection: socket.socket, most: int = _AT_ONCE, size: float = _BYTES_AT_ONCE
) -> Iterator[tuple[bytes, tuple[Any, ...]]]:
    """Yield at most `most` of the datagrams that wait in a socket, each with its sender's address.

    None follows the one with which they have `size` bytes.
    """
    with suppress(BlockingIOError):
        for _ in range(most):
            data, sender = connection.recvfrom(_LARGEST)
            yield data, sender
            size -= len(data)
            if size <= 0:
                return


def receive_progress(connection: socket.socket, by_sender: Mapping[str, Telemetry]) -> None:
    """Take the datagrams of all relays' ffmpegs, each for the channel whose relay has that address."""
    for data, (sender, *_) in _datagrams(connection):
        if sender in by_sender:
            by_sender[sender].note_progress(sender, data)


def discard(connection: socket.socket) -> None:
    """Throw away the datagrams from before the agent started: nobody has noted their time."""
    for _ in _datagrams(connection, _MOST_DISCARDED, float("inf")):
        pass
