"""The facts that the agent decides upon. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from restream_agent.agent.ingest_health import HEALTHY, IngestHealth


@dataclass(frozen=True)
class Publisher:
    """A publishing client: the server's id of its connection, its stream's name, its address."""

    client_id: str
    stream: str
    address: str = ""


@dataclass(frozen=True)
class Situation:
    """The facts that a decision is based on, at `now` in seconds of the monotonic clock.

    `publishers` is the ingest server's list, None if the server has not answered for `unreachable` seconds.
    `is_heard` is true while a publisher's stream reaches the program, shown or not. `is_ending` is true from
    the beginning of off-air until every process of the broadcast has ended; `is_on_air` may be true as well.
    `live_streams` are the streams whose `live@` unit is not inactive. `is_opened` is true if the operator put
    the broadcast on air without a publisher, `is_ended` if the operator ended it while a publisher was
    connected. `stuck_relays` are the relays that have delivered nothing for too long (relay_health.py).
    `unheard_for` is for how many seconds a publisher's stream has been pulled while none of it has reached
    the program. `relay_ages` has for how many seconds of stream each relay's connection has lasted
    (renewal.py); `is_relay_settling` is true while a relay is starting, or has started just before.
    `is_night` is true when few people watch. `fallback_for` is for how many seconds the fallback has been
    playing. `hold_left` is what remains of a running hold, in seconds: negative once its timer should have
    ended it. `ingest` is the ingest server's own state. `shape` is what the fallback has to match
    (codecs.py), "" while that is not known; `is_unprepared` says that the last preparation has failed.
    `is_used_elsewhere` says that somebody publishes to another channel of the same ingest server.
    """

    now: float
    publishers: tuple[Publisher, ...] | None = ()
    unreachable: float = 0.0
    is_heard: bool = False
    is_on_air: bool = False
    is_ending: bool = False
    live_streams: frozenset[str] = frozenset()
    is_hold_running: bool = False
    is_opened: bool = False
    is_ended: bool = False
    stuck_relays: tuple[str, ...] = ()
    unheard_for: float = 0.0
    relay_ages: Mapping[str, float] = field(default_factory=dict)
    is_relay_settling: bool = False
    is_night: bool = False
    fallback_for: float = 0.0
    hold_left: float = 0.0
    ingest: IngestHealth = HEALTHY
    shape: str = ""
    is_unprepared: bool = False
    is_used_elsewhere: bool = False
