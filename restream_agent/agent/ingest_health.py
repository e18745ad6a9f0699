"""Whether the ingest server is alive: its public port, its API, its unit. Pure."""

from dataclasses import dataclass

STARTED = 3.0
"""Seconds that a started server has before it is judged; SRS and nginx listen within 1 s."""


@dataclass(frozen=True)
class IngestHealth:
    """The state of the ingest server.

    `is_port_dead` says that the public port has not completed a handshake for some tries in a row,
    `is_api_dead` that the API has not answered for too long. `up_for` is for how many seconds our unit has
    been active; 0 if it is not, or if the server is not ours.
    """

    is_port_dead: bool = False
    is_api_dead: bool = False
    up_for: float = 0.0

    @property
    def needs_restart(self) -> bool:
        """Whether only a restart helps: SRS never listens again after one failed accept (6.0.157)."""
        return (self.is_port_dead or self.is_api_dead) and self.up_for >= STARTED

    def problems(self) -> tuple[str, ...]:
        """Return the problems that a monitor should wake somebody for, a sentence each."""
        return ("the ingest server accepts no connections on its public port",) if self.is_port_dead else ()


HEALTHY = IngestHealth()
