"""What the agent does after a decision: requests to the ingest server, to systemd and to its own state."""

from dataclasses import dataclass

from restream_agent.agent.situation import Publisher


@dataclass(frozen=True)
class DropPublisher:
    """Ask the ingest server to disconnect a publisher."""

    publisher: Publisher
    reason: str


@dataclass(frozen=True)
class ChangeUnit:
    """Ask systemd to start, stop or restart a unit; the answer to a publish waits for what `is_awaited`."""

    verb: str
    unit: str
    reason: str
    is_awaited: bool = False


@dataclass(frozen=True)
class KillRelay:
    """Ask systemd to kill a relay that is stuck; systemd then starts it again."""

    unit: str
    reason: str


@dataclass(frozen=True)
class ClearOperatorRequests:
    """Clear the operator's requests "open" and "end": a new publisher makes both obsolete."""


Action = DropPublisher | ChangeUnit | KillRelay | ClearOperatorRequests
