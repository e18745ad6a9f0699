"""What to do when OBS connects and disconnects: one pure function for hooks, ticks and restarts.

Hooks can be lost, repeated, late and out of order, so no decision rests on a hook alone: every decision also
uses what the ingest server, systemd and the program report.
"""

from dataclasses import dataclass, field, replace
from typing import assert_never

from restream_agent.agent import renewal
from restream_agent.agent.actions import Action, ChangeUnit, ClearOperatorRequests, DropPublisher, KillRelay
from restream_agent.agent.fallback_match import LastMatch, due_match
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.systemd import unit_names

GRACE = 5.0
"""Seconds after an accepted publish during which the server need not list the publisher yet."""

UNREACHABLE = 10.0
"""Seconds without an answer from the ingest server, after which the agent takes the server to have no
publisher, unless the program receives a publisher's stream."""

OVERDUE = 5.0
"""Seconds after the end of a hold, after which the agent ends the broadcast in place of the timer. The timer
is late when the hold was shortened while it was running."""

FIGHT = 3
FIGHT_WINDOW = 30.0
"""Seconds. After FIGHT takeovers within FIGHT_WINDOW the current publisher keeps the stream until the
challenger has been quiet for FIGHT_WINDOW."""

REPLACED = "another publisher replaces it"
UNHEARD = "nothing of its stream has reached the program"


@dataclass(frozen=True)
class PublishRequest:
    """`on_publish` with a valid key. The ingest server waits for the answer."""

    publisher: Publisher


@dataclass(frozen=True)
class UnpublishNotice:
    """`on_unpublish`: the publisher's stream has ended."""

    publisher: Publisher


@dataclass(frozen=True)
class Tick:
    """A regular check, without a hook: compare the situation with what it should be."""


AgentEvent = PublishRequest | UnpublishNotice | Tick


@dataclass(frozen=True)
class Rules:
    """The part of the configuration that decisions depend on.

    `hold` is in seconds, None for ever. `silence` is how long, in seconds, a publisher may be listed while
    none of its stream has ever reached the program; None is for ever.
    """

    hold: float | None = 1800.0
    silence: float | None = None
    standby: bool = False


@dataclass(frozen=True)
class PublisherMemory:
    """What the agent remembers; times are seconds of the monotonic clock."""

    current: Publisher | None = None
    accepted_at: float = float("-inf")
    takeovers: tuple[float, ...] = ()
    match: LastMatch = field(default_factory=LastMatch)


@dataclass(frozen=True)
class Decision:
    """The actions in their order, and the new memory. `refusal` is the reason for refusing, or ""."""

    memory: PublisherMemory
    actions: tuple[Action, ...] = ()
    refusal: str = ""


def beforehand(memory: PublisherMemory, situation: Situation, event: AgentEvent) -> ChangeUnit | None:
    """Return what the decision about a publish will ask of systemd first, given the last situation.

    It need not wait for a look: the publisher of a broadcast comes back, and nobody else was there. If
    somebody has come meanwhile, the player plays what is published anyway. If the broadcast is ending, the
    player begins after its end, and the next tick finds it.
    """
    if not isinstance(event, PublishRequest) or memory.current is not None:
        return None
    is_alone = situation.live_streams <= {event.publisher.stream}
    return _play(event.publisher) if situation.is_on_air and not situation.is_ending and is_alone else None


def decide(rules: Rules, memory: PublisherMemory, situation: Situation, event: AgentEvent) -> Decision:
    """Return the decision for an event; while a broadcast is ending, it asks nothing of systemd."""
    decision = _decide(rules, memory, situation, event)
    is_gone = memory.current is not None and decision.memory.current != memory.current
    match = memory.match.when_gone(situation.now) if is_gone else memory.match
    decision = replace(decision, memory=replace(decision.memory, match=match))
    if not situation.is_ending:
        return _match(decision, situation) if isinstance(event, Tick) else decision
    kept = (action for action in decision.actions if not isinstance(action, ChangeUnit | KillRelay))
    return replace(decision, actions=tuple(kept))


def _match(decision: Decision, situation: Situation) -> Decision:
    """Have the fallback matched to the publisher's stream when the program sees another shape of it."""
    due = due_match(decision.memory.match, situation, accepted_at=decision.memory.accepted_at)
    if due is None or decision.memory.current is None:
        return decision
    matching = ChangeUnit("restart", unit_names.PREPARE_UNIT, "to match the fallback to OBS's stream")
    return Decision(replace(decision.memory, match=due), (*decision.actions, matching))


def _decide(rules: Rules, memory: PublisherMemory, situation: Situation, event: AgentEvent) -> Decision:
    match event:
        case PublishRequest(publisher):
            return _on_publish(memory, situation, publisher)
        case UnpublishNotice(publisher):
            return _on_unpublish(rules, memory, situation, publisher)
        case Tick():
            return _on_tick(rules, memory, situation)
        case _:
            assert_never(event)


def _on_publish(memory: PublisherMemory, situation: Situation, publisher: Publisher) -> Decision:
    others = _without(situation.publishers, publisher)
    recent = tuple(at for at in memory.takeovers if situation.now - at < FIGHT_WINDOW)
    if others and len(recent) >= FIGHT:
        # A refused attempt counts too. Otherwise one attempt would succeed in every FIGHT_WINDOW.
        still_fighting = replace(memory, takeovers=(situation.now,) * FIGHT)
        return Decision(still_fighting, refusal="two publishers are fighting for the stream")
    takeovers = (*recent, situation.now) if others else recent
    actions: list[Action] = [DropPublisher(other, REPLACED) for other in others]
    actions += _stop_other_streams(situation, publisher)
    if not situation.is_on_air:
        actions.append(ChangeUnit("start", unit_names.TARGET, "a publisher has connected"))
    actions.append(_play(publisher))
    if situation.is_opened or situation.is_ended or situation.publishers is None:
        # Not a request that is made after this look: an off-air that follows a publish ends its broadcast.
        actions.append(ClearOperatorRequests())
    return Decision(PublisherMemory(publisher, situation.now, takeovers), tuple(actions))


def _play(publisher: Publisher) -> ChangeUnit:
    """Return the restart of a publisher's player.

    Always a restart: what the server still sends of the publisher before ends with the connection. The answer
    waits for it: the player gets the first picture only if it plays before that picture is sent.
    """
    unit, reason = unit_names.live_unit(publisher.stream), "a publisher has connected"
    return ChangeUnit("restart", unit, reason, is_awaited=True)


def _on_unpublish(
    rules: Rules, memory: PublisherMemory, situation: Situation, publisher: Publisher
) -> Decision:
    if memory.current is not None and memory.current.client_id != publisher.client_id:
        return Decision(memory)
    if memory.current is None and _without(situation.publishers, publisher):
        return Decision(memory)
    stop = _fall_back(
        rules, situation, {publisher.stream}, played=0.0, reason="the publisher has disconnected"
    )
    return Decision(PublisherMemory(takeovers=memory.takeovers), stop)


def _on_tick(rules: Rules, memory: PublisherMemory, situation: Situation) -> Decision:
    decision = _check_publishers(rules, memory, situation)
    reason = "has delivered nothing for too long"
    kills = (KillRelay(unit_names.relay_unit(name), reason) for name in situation.stuck_relays)
    rest = (*kills, *_renew_relay(situation), *_revive_ingest(memory, situation))
    return replace(decision, actions=(*decision.actions, *rest))


def _renew_relay(situation: Situation) -> tuple[Action, ...]:
    due = renewal.due(situation)
    if due is None:
        return ()
    return (ChangeUnit("restart", unit_names.relay_unit(due), renewal.reason(situation.relay_ages[due])),)


def _revive_ingest(memory: PublisherMemory, situation: Situation) -> tuple[Action, ...]:
    """Restart an ingest server that is dead, unless that would end somebody's stream."""
    is_used = situation.is_heard or situation.is_used_elsewhere
    if is_used or situation.now - memory.accepted_at < GRACE or not situation.ingest.needs_restart:
        return ()
    return (ChangeUnit("restart", unit_names.INGEST_UNIT, "it accepts no connections"),)


def _check_publishers(rules: Rules, memory: PublisherMemory, situation: Situation) -> Decision:
    publishers = situation.publishers
    if publishers is None and (situation.is_heard or situation.unreachable < UNREACHABLE):
        return Decision(memory)
    if publishers:
        return _with_publisher(rules, memory, situation, publishers)
    if memory.current is not None and situation.now - memory.accepted_at < GRACE:
        return Decision(memory)
    stop = _fall_back(
        rules, situation, set(), played=situation.fallback_for, reason="the ingest server lists no publisher"
    )
    return Decision(PublisherMemory(takeovers=memory.takeovers), stop)


def _with_publisher(
    rules: Rules, memory: PublisherMemory, situation: Situation, publishers: tuple[Publisher, ...]
) -> Decision:
    """Catch up on a publish whose hook was lost, or whose actions had no effect."""
    current = memory.current
    is_listed = current is not None and any(listed.client_id == current.client_id for listed in publishers)
    # Just after a takeover the server may still list the displaced publisher, and not yet the new one.
    is_new = current is not None and situation.now - memory.accepted_at < GRACE
    is_current = is_listed or is_new
    publisher = current if current is not None and is_current else publishers[-1]
    if situation.is_ended and not situation.is_on_air:
        # The operator ended the broadcast of this publisher, whose next publish begins another.
        return Decision(memory, _stop_leftovers(situation))
    actions = _stop_other_streams(situation, publisher)
    if rules.silence is not None and situation.unheard_for >= rules.silence:
        # SRS has lost the stream but not the publisher (ossrs/srs#4656). The publisher has to reconnect.
        actions.append(DropPublisher(publisher, UNHEARD))
    if situation.is_opened:
        actions.append(ClearOperatorRequests())
    if not situation.is_on_air:
        reason = "a publisher is connected and nothing is on air"
        actions.append(ChangeUnit("start", unit_names.TARGET, reason))
    if publisher.stream not in situation.live_streams:
        actions.append(
            ChangeUnit("start", unit_names.live_unit(publisher.stream), "a publisher is connected")
        )
    if situation.is_hold_running:
        actions.append(ChangeUnit("stop", unit_names.HOLD_TIMER, "a publisher is connected"))
    accepted_at = memory.accepted_at if is_current else situation.now
    return Decision(PublisherMemory(publisher, accepted_at, memory.takeovers), tuple(actions))


def _without(publishers: tuple[Publisher, ...] | None, publisher: Publisher) -> tuple[Publisher, ...]:
    """Return the listed publishers except one; an unknown list is an empty one."""
    return tuple(listed for listed in publishers or () if listed.client_id != publisher.client_id)


def _stop_other_streams(situation: Situation, publisher: Publisher) -> list[Action]:
    """Stop pulling every stream except the publisher's."""
    streams = sorted(situation.live_streams - {publisher.stream})
    reason = "another stream replaces it"
    return [ChangeUnit("stop", unit_names.live_unit(stream), reason) for stream in streams]


def _stop_leftovers(situation: Situation) -> tuple[Action, ...]:
    """Stop a `live@` that was asked for just before the end of a broadcast, and the program that it woke."""
    if situation.is_on_air or not situation.live_streams:
        return ()
    units = (*map(unit_names.live_unit, sorted(situation.live_streams)), unit_names.PROGRAM_UNIT)
    return tuple(ChangeUnit("stop", unit, "nothing is on air") for unit in units)


def _fall_back(
    rules: Rules, situation: Situation, ended: set[str], *, played: float, reason: str
) -> tuple[Action, ...]:
    """Stop pulling, and start or end the hold if a broadcast is on air.

    `ended` are the streams known to have ended. `played` is how much of the hold has passed, in seconds: 0
    for a publisher that disconnects now, even if the fallback was playing before it was live.
    """
    if not situation.is_on_air:
        return _stop_leftovers(situation)
    streams = sorted(situation.live_streams | ended)
    actions: list[Action] = [ChangeUnit("stop", unit_names.live_unit(stream), reason) for stream in streams]
    if rules.hold is None or rules.standby or situation.is_opened:
        if situation.is_hold_running:
            actions.append(ChangeUnit("stop", unit_names.HOLD_TIMER, "the broadcast stays on air"))
        return tuple(actions)
    if situation.is_hold_running:
        if situation.hold_left < -OVERDUE:
            actions.append(ChangeUnit("start", unit_names.HOLD_SERVICE, "the hold has run out"))
    elif played >= rules.hold:
        # The hold was configured after the fallback began, or it is zero.
        actions.append(ChangeUnit("start", unit_names.HOLD_SERVICE, "the hold has run out"))
    else:
        actions.append(ChangeUnit("start", unit_names.HOLD_TIMER, "the hold begins"))
    return tuple(actions)
