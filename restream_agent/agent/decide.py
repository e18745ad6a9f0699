"""What to do when OBS comes and goes. One pure function for a hook, a tick and a restart alike.

Hooks can be lost, repeated, late and out of order, so nothing here trusts them alone: what the
ingest server, systemd and the program say of themselves is part of every decision.
"""

from dataclasses import dataclass, field, replace

from restream_agent.systemd import unit_names

GRACE = 5.0
"""Seconds after an accepted publish in which the server need not list the publisher yet."""

UNREACHABLE = 10.0
"""Seconds after which a server that does not answer counts as one that nobody publishes to, unless the
program hears somebody."""

OVERDUE = 5.0
"""Seconds after which a hold whose timer has not ended it is ended by us: it was shortened meanwhile."""

FIGHT = 3
FIGHT_WINDOW = 30.0
"""As many takeovers within as many seconds are two publishers fighting; the one who is live stays, until
the other has not tried for as long."""


@dataclass(frozen=True)
class Publisher:
    """Somebody who publishes: the server's id of the connection, the stream, the address."""

    client_id: str
    stream: str
    address: str = ""


@dataclass(frozen=True)
class Publish:
    """`on_publish` with a valid key: the server waits for our answer."""

    publisher: Publisher


@dataclass(frozen=True)
class Unpublish:
    """`on_unpublish`."""

    publisher: Publisher


@dataclass(frozen=True)
class Tick:
    """Nothing has happened that we know of; see whether all is as it should be."""


Event = Publish | Unpublish | Tick


@dataclass(frozen=True)
class Rules:
    """The part of the configuration that decides: the hold in seconds, None for ever.

    `matches_live` says that the fallback is to be made to look like what OBS sends. `silence` is how long,
    in seconds, a publisher may be listed of whom nothing has ever reached the program, None for ever.
    """

    hold: float | None = 1800.0
    silence: float | None = None
    standby: bool = False
    matches_live: bool = False


@dataclass(frozen=True)
class Observed:
    """How things stand: `now` in seconds on the monotonic clock.

    `publishers` is what the server lists, None if it did not answer for `unreachable` seconds. `is_heard`
    says that the program plays what a publisher sends. `live_streams` are those whose `live@` unit is not
    inactive. `is_opened` says that the operator has put the broadcast on air without a publisher, `is_ended`
    that it was ended while one was there. `stuck_relays` are those that have delivered nothing for too long
    (relay_state.py). `unheard_for` is how long, in seconds, a publisher's stream has been pulled of which
    nothing has reached the program. `fallback_for` is how long, in seconds, the fallback has been playing;
    `hold_left` how long the hold that is running still has, negative when its timer should have ended it.
    """

    now: float
    publishers: tuple[Publisher, ...] | None = ()
    unreachable: float = 0.0
    is_heard: bool = False
    is_on_air: bool = False
    live_streams: frozenset[str] = frozenset()
    is_hold_running: bool = False
    is_opened: bool = False
    is_ended: bool = False
    stuck_relays: tuple[str, ...] = ()
    unheard_for: float = 0.0
    fallback_for: float = 0.0
    hold_left: float = 0.0


@dataclass(frozen=True)
class Memory:
    """What the agent remembers: who is current, since when, and when takeovers happened."""

    current: Publisher | None = None
    accepted_at: float = float("-inf")
    takeovers: tuple[float, ...] = ()


@dataclass(frozen=True)
class Drop:
    """Have the ingest server throw a publisher out."""

    publisher: Publisher


@dataclass(frozen=True)
class Unit:
    """Ask systemd: `verb` is start, stop or restart."""

    verb: str
    unit: str
    reason: str


@dataclass(frozen=True)
class Kill:
    """Have systemd end a relay that stands still; it starts it again."""

    unit: str
    reason: str


@dataclass(frozen=True)
class ForgetOperator:
    """What the operator asked for about the opening or the end is over: a publisher has come."""


Action = Drop | Unit | Kill | ForgetOperator


@dataclass(frozen=True)
class Decision:
    """What to do, in this order, and what to remember. A refusal says why."""

    memory: Memory
    actions: tuple[Action, ...] = ()
    refusal: str = field(default="")


def decide(rules: Rules, memory: Memory, observed: Observed, event: Event) -> Decision:
    """Return what follows from an event."""
    if isinstance(event, Publish):
        return _published(rules, memory, observed, event.publisher)
    if isinstance(event, Unpublish):
        return _unpublished(rules, memory, observed, event.publisher)
    decision = _tick(rules, memory, observed)
    reason = "has delivered nothing for too long"
    kills = (Kill(unit_names.relay_unit(name), reason) for name in observed.stuck_relays)
    return replace(decision, actions=(*decision.actions, *kills))


def _published(rules: Rules, memory: Memory, observed: Observed, publisher: Publisher) -> Decision:
    others = tuple(one for one in observed.publishers or () if one.client_id != publisher.client_id)
    recent = tuple(at for at in memory.takeovers if observed.now - at < FIGHT_WINDOW)
    if others and len(recent) >= FIGHT:
        # A try that is refused counts as well, or every half minute one of them would get through.
        still = replace(memory, takeovers=(observed.now,) * FIGHT)
        return Decision(still, refusal="two publishers are fighting for the stream")
    takeovers = (*recent, observed.now) if others else recent
    wanted = [*(Drop(other) for other in others), *_stop_others(observed, publisher), ForgetOperator()]
    if not observed.is_on_air:
        wanted.append(Unit("start", unit_names.TARGET, "a publisher has come"))
    # Always anew: a puller that outlives its publisher breaks on the next one's timestamps.
    wanted.append(Unit("restart", unit_names.live_unit(publisher.stream), "a publisher has come"))
    if rules.matches_live:
        wanted.append(Unit("restart", unit_names.PREPARE_UNIT, "to match the fallback to what it sends"))
    return Decision(Memory(publisher, observed.now, takeovers), tuple(wanted))


def _unpublished(rules: Rules, memory: Memory, observed: Observed, publisher: Publisher) -> Decision:
    if memory.current is not None and memory.current.client_id != publisher.client_id:
        return Decision(memory)
    others = [one for one in observed.publishers or () if one.client_id != publisher.client_id]
    if memory.current is None and others:
        return Decision(memory)
    gone = Memory(takeovers=memory.takeovers)
    stream, reason = {publisher.stream}, "the publisher has gone"
    return Decision(gone, _without_publisher(rules, observed, stream, played=0.0, reason=reason))


def _tick(rules: Rules, memory: Memory, observed: Observed) -> Decision:
    publishers = observed.publishers
    if publishers is None and (observed.is_heard or observed.unreachable < UNREACHABLE):
        return Decision(memory)
    if publishers:
        return _present(rules, memory, observed, publishers)
    if memory.current is not None and observed.now - memory.accepted_at < GRACE:
        return Decision(memory)
    gone = Memory(takeovers=memory.takeovers)
    played = observed.fallback_for
    return Decision(
        gone, _without_publisher(rules, observed, set(), played=played, reason="nobody publishes")
    )


def _present(rules: Rules, memory: Memory, observed: Observed, publishers: tuple[Publisher, ...]) -> Decision:
    """Make good a publish whose hook was lost, or whose effects were."""
    known = memory.current
    is_listed = known is not None and any(one.client_id == known.client_id for one in publishers)
    # Just accepted: the one that it displaced may still be listed, and it may not yet be.
    is_known = is_listed or (known is not None and observed.now - memory.accepted_at < GRACE)
    publisher = known if known is not None and is_known else publishers[-1]
    if observed.is_ended:
        # The operator has ended the broadcast under a publisher. The next publish begins anew.
        return Decision(memory)
    wanted: list[Action] = _stop_others(observed, publisher)
    if rules.silence is not None and observed.unheard_for >= rules.silence:
        # SRS has then lost the stream, though not the publisher (ossrs/srs#4656): it has to come again.
        wanted.append(Drop(publisher))
    if observed.is_opened:
        wanted.append(ForgetOperator())
    if not observed.is_on_air:
        wanted.append(Unit("start", unit_names.TARGET, "a publisher is there and nothing is on air"))
    if publisher.stream not in observed.live_streams:
        wanted.append(Unit("start", unit_names.live_unit(publisher.stream), "a publisher is there"))
    accepted_at = memory.accepted_at if is_known else observed.now
    return Decision(Memory(publisher, accepted_at, memory.takeovers), tuple(wanted))


def _stop_others(observed: Observed, publisher: Publisher) -> list[Action]:
    """Stop pulling every stream but the publisher's."""
    streams = sorted(observed.live_streams - {publisher.stream})
    return [
        Unit("stop", unit_names.live_unit(stream), "another stream takes its place") for stream in streams
    ]


def _without_publisher(
    rules: Rules, observed: Observed, gone: set[str], *, played: float, reason: str
) -> tuple[Action, ...]:
    """Stop pulling, and let the hold run if a broadcast is on air.

    `played` is how much of the hold has passed already, in seconds; a publisher that has just gone
    leaves all of it, though the fallback may have been playing since the one before.
    """
    streams = sorted(observed.live_streams | (gone if observed.is_on_air else set()))
    wanted: list[Action] = [Unit("stop", unit_names.live_unit(stream), reason) for stream in streams]
    if not observed.is_on_air or rules.hold is None or rules.standby or observed.is_opened:
        return tuple(wanted)
    if observed.is_hold_running:
        if observed.hold_left < -OVERDUE:
            wanted.append(Unit("start", unit_names.HOLD_SERVICE, "the hold has run out"))
    elif played >= rules.hold:
        # Turned on after the fact, or none at all.
        wanted.append(Unit("start", unit_names.HOLD_SERVICE, "the hold has run out"))
    else:
        wanted.append(Unit("start", unit_names.HOLD_TIMER, "the hold begins"))
    return tuple(wanted)
