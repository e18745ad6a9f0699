"""What the program and each relay's ffmpeg say of themselves, in datagrams; losing the agent harms nothing.

The program reports twice a second on a Unix socket (meter.py), each ffmpeg once a second on a UDP port
of loopback (progress.py), from an address of 127.0.0.0/8 that is its relay's own: so nothing has to be
read from the report, and no two relays want the same port.
"""

import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from restream_agent.agent.ffmpeg_progress import ProgressHistory, read

_LARGEST = 256 * 1024
STALE = 3.0
"""Seconds without a report after which the program, or a relay's ffmpeg, counts as saying nothing."""


@dataclass
class Telemetry:
    """The newest reports, and what has to be watched over time to judge them.

    `report` is in the program's own units (meter.py). `relays` maps a relay's address to its name.
    `taken_at` is when a relay last took something from the program, `moved_at` when the program last
    sent something, `running_since` since when it does so. Times are seconds of the monotonic clock.
    """

    relays: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    report: dict[str, Any] = field(default_factory=dict)
    received_at: float = float("-inf")
    deliveries: dict[str, ProgressHistory] = field(default_factory=dict)
    taken_at: dict[str, float] = field(default_factory=dict)
    running_since: float = float("inf")
    moved_at: float = float("-inf")

    def receive(self, connection: socket.socket) -> None:
        """Take all of the program's datagrams that are there; what is not a report is ignored."""
        for data, _ in _datagrams(connection):
            try:
                report = json.loads(data)
            except ValueError:
                continue
            if isinstance(report, dict) and "source" in report:
                self._note(report, self.clock())

    def receive_progress(self, connection: socket.socket) -> None:
        """Take all datagrams of the relays' ffmpegs; what comes from elsewhere or is none is ignored."""
        for data, sender in _datagrams(connection):
            relay, progress = self.relays.get(str(sender[0])), read(data)
            if relay is None or progress is None:
                continue
            if relay in self.deliveries:
                self.deliveries[relay].add(progress, self.clock())
            else:
                self.deliveries[relay] = ProgressHistory.begin(progress, self.clock())

    def _note(self, report: dict[str, Any], now: float) -> None:
        """Keep a report; note since when the program runs, and when each relay last took something."""
        if report.get("position", -1) not in (-1, self.report.get("position")):
            if now - self.moved_at > STALE:
                self.running_since = now
            self.moved_at = now
        before = self.report.get("relays", {})
        for name, relay in report.get("relays", {}).items():
            if relay.get("sent") != before.get(name, {}).get("sent"):
                self.taken_at[name] = now
        self.report, self.received_at = report, now

    @property
    def position(self) -> float | None:
        """The program's last timestamp by now, in ms: it goes on at the pace of the wall. None if silent."""
        now = self.clock()
        if now - self.moved_at > STALE:
            return None
        return float(self.report["position"] + (now - self.received_at) * 1000)

    @property
    def running_for(self) -> float:
        """How long, in seconds, the program has been sending without a pause of STALE; 0 if it is not."""
        now = self.clock()
        return now - self.running_since if now - self.moved_at <= STALE else 0.0

    @property
    def fallback_for(self) -> float:
        """How long, in seconds, the fallback has been playing; 0 if it is not, or if that is not known."""
        return self.report["since"] / 1000 if self.source == "fallback" else 0.0

    @property
    def source(self) -> str | None:
        """What the program plays (none, live, fallback); None if it does not report."""
        if self.clock() - self.received_at > STALE:
            return None
        return str(self.report["source"])


def _datagrams(connection: socket.socket) -> list[tuple[bytes, tuple[Any, ...]]]:
    """Return what is waiting in a socket, each with its sender's address."""
    found = []
    while True:
        try:
            found.append(connection.recvfrom(_LARGEST))
        except BlockingIOError:
            return found


def discard(connection: socket.socket) -> None:
    """Throw away what came before we were there to note the time."""
    _datagrams(connection)
