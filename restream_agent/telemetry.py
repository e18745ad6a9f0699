"""What the program says of itself, twice a second, in datagrams; losing the agent harms nothing."""

import json
import socket
import time
from dataclasses import dataclass, field
from typing import Any

_LARGEST = 256 * 1024
STALE = 3.0
"""Seconds without a report after which the program counts as not running."""


@dataclass
class Telemetry:
    """The newest report of the program, in its own units (meter.py), and when it came."""

    report: dict[str, Any] = field(default_factory=dict)
    received_at: float = float("-inf")

    def receive(self, connection: socket.socket) -> None:
        """Take all datagrams that are there; what is not a report is ignored."""
        while True:
            try:
                data = connection.recv(_LARGEST)
            except BlockingIOError:
                return
            try:
                report = json.loads(data)
            except ValueError:
                continue
            if isinstance(report, dict) and "source" in report:
                self.report, self.received_at = report, time.monotonic()

    @property
    def fallback_for(self) -> float:
        """How long, in seconds, the fallback has been playing; 0 if it is not, or if that is not known."""
        return self.report["since"] / 1000 if self.source == "fallback" else 0.0

    @property
    def source(self) -> str | None:
        """What the program plays (none, live, fallback); None if it does not report."""
        if time.monotonic() - self.received_at > STALE:
            return None
        return str(self.report["source"])
