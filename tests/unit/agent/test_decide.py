"""Decisions on hooks, ticks and restarts, with hooks lost, repeated, late or out of order."""

from dataclasses import replace

import pytest

from restream_agent.agent.actions import Action, ChangeUnit, ClearOperatorRequests, DropPublisher, KillRelay
from restream_agent.agent.decide import (
    FIGHT,
    FIGHT_WINDOW,
    GRACE,
    OVERDUE,
    UNHEARD,
    UNREACHABLE,
    AgentEvent,
    PublisherMemory,
    PublishRequest,
    Rules,
    Tick,
    UnpublishNotice,
    decide,
)
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.systemd import unit_names

NOW = 1000.0
OBS = Publisher("c1", "main", "192.0.2.1")
STALE = Publisher("c0", "main", "192.0.2.1")
OTHER = Publisher("c2", "other", "192.0.2.2")
KNOWN = PublisherMemory(OBS, accepted_at=NOW - 100)
LIVE = Situation(now=NOW, publishers=(OBS,), is_on_air=True, live_streams=frozenset({"main"}))
DROPPED = replace(LIVE, publishers=())
FALLBACK = Situation(now=NOW, is_on_air=True)


def calls(
    situation: Situation, event: AgentEvent, *, memory: PublisherMemory = KNOWN, rules: Rules | None = None
) -> list[str]:
    """Return the requests to systemd, as "verb unit"."""
    actions = decide(rules or Rules(), memory, situation, event).actions
    return [f"{action.verb} {action.unit}" for action in actions if isinstance(action, ChangeUnit)]


def actions(situation: Situation, event: AgentEvent, memory: PublisherMemory = KNOWN) -> tuple[Action, ...]:
    """Return all actions."""
    return decide(Rules(), memory, situation, event).actions


def test_a_publish_off_air_starts_the_broadcast_and_pulls_the_stream() -> None:
    """The target is started before the puller, which is always restarted."""
    requests = calls(Situation(now=NOW), PublishRequest(OBS), memory=PublisherMemory())
    assert requests == ["start restream.target", "restart live@main.service"]


def test_a_publisher_whose_stream_never_arrived_is_dropped() -> None:
    """The server lists it, its stream is pulled, and none of it reaches the program."""
    silent = replace(LIVE, unheard_for=30.0)
    assert decide(Rules(silence=30.0), KNOWN, silent, Tick()).actions == (DropPublisher(OBS, UNHEARD),)
    for silence in (31.0, None):
        assert decide(Rules(silence=silence), KNOWN, silent, Tick()).actions == ()


def test_a_stuck_relay_is_killed_at_a_tick() -> None:
    """It is killed in every situation; systemd starts it again."""
    kill = KillRelay("ffmpeg-relay@twitch.service", "has delivered nothing for too long")
    for situation in (LIVE, FALLBACK, replace(LIVE, publishers=None)):
        assert kill in actions(replace(situation, stuck_relays=("twitch",)), Tick())
        assert kill not in actions(situation, Tick())


def test_a_publish_on_air_leaves_the_target_alone() -> None:
    """Only the puller is restarted, so no relay notices."""
    assert calls(FALLBACK, PublishRequest(OBS), memory=PublisherMemory()) == ["restart live@main.service"]


def test_a_publish_clears_the_operators_requests() -> None:
    """The requests "open" and "end" are obsolete once a publisher connects; no later request is cleared."""
    for observed in ({"is_opened": True}, {"is_ended": True}, {"publishers": None}):
        assert ClearOperatorRequests() in actions(replace(FALLBACK, **observed), PublishRequest(OBS))
    assert ClearOperatorRequests() not in actions(FALLBACK, PublishRequest(OBS))


def test_a_takeover_drops_exactly_the_others() -> None:
    """Every publisher except the new one is dropped, whatever its stream is called."""
    situation = replace(LIVE, publishers=(STALE, OBS, OTHER))
    takeover = actions(situation, PublishRequest(OBS))
    dropped = [action.publisher for action in takeover if isinstance(action, DropPublisher)]
    assert dropped == [STALE, OTHER]


def test_a_takeover_by_another_stream_stops_pulling_the_first() -> None:
    """Two pullers would displace each other from the program's input for ever."""
    requests = calls(replace(LIVE, publishers=(OBS,)), PublishRequest(OTHER))
    assert requests == ["stop live@main.service", "restart live@other.service"]


def test_a_repeated_publish_of_the_same_client_drops_no_publisher() -> None:
    """A repeated hook does not have a publisher displace itself."""
    assert not [action for action in actions(LIVE, PublishRequest(OBS)) if isinstance(action, DropPublisher)]


def test_in_a_fight_the_challenger_is_refused_and_the_current_publisher_stays() -> None:
    """After FIGHT takeovers within FIGHT_WINDOW the next publish changes nothing."""
    memory = replace(KNOWN, takeovers=tuple(NOW - age for age in range(FIGHT)))
    decision = decide(Rules(), memory, LIVE, PublishRequest(OTHER))
    assert (decision.refusal, decision.actions) == ("two publishers are fighting for the stream", ())
    assert decision.memory.current == OBS


def test_a_fight_lasts_as_long_as_the_challenger_goes_on_trying() -> None:
    """It tries every 20 s for ten minutes; the current publisher stays live."""
    memory = replace(KNOWN, takeovers=(NOW,) * FIGHT)
    for second in range(20, 600, 20):
        decision = decide(Rules(), memory, replace(LIVE, now=NOW + second), PublishRequest(OTHER))
        assert (decision.refusal != "", decision.actions) == (True, ())
        memory = decision.memory


def test_a_fight_is_over_after_its_window() -> None:
    """Takeovers older than FIGHT_WINDOW are forgotten."""
    memory = replace(KNOWN, takeovers=(NOW - FIGHT_WINDOW,) * FIGHT)
    decision = decide(Rules(), memory, LIVE, PublishRequest(OTHER))
    assert (decision.refusal, decision.memory.takeovers) == ("", (NOW,))


def test_reconnecting_to_an_empty_stream_is_never_a_fight() -> None:
    """Only takeovers count, so a broken upload line may reconnect as often as it likes."""
    memory = PublisherMemory(takeovers=(NOW,) * FIGHT)
    assert not decide(Rules(), memory, FALLBACK, PublishRequest(OBS)).refusal


def test_an_unpublish_of_a_client_that_is_not_current_changes_nothing() -> None:
    """The unpublish of a displaced publisher arrives while the new publisher is live."""
    decision = decide(Rules(), KNOWN, LIVE, UnpublishNotice(STALE))
    assert (decision.actions, decision.memory) == ((), KNOWN)


def test_an_unpublish_with_an_empty_memory_and_another_publisher_listed_changes_nothing() -> None:
    """An agent that has lost its memory relies on the server's list."""
    decision = decide(Rules(), PublisherMemory(), LIVE, UnpublishNotice(STALE))
    assert ((), PublisherMemory()) == (decision.actions, decision.memory)


def test_an_unpublish_of_the_current_client_stops_the_puller_and_begins_the_hold() -> None:
    """The server may still list the publisher that is disconnecting."""
    decision = decide(Rules(), KNOWN, LIVE, UnpublishNotice(OBS))
    assert (
        ChangeUnit("stop", "live@main.service", "the publisher has disconnected"),
        ChangeUnit("start", unit_names.HOLD_TIMER, "the hold begins"),
    ) == decision.actions
    assert decision.memory.current is None


def test_an_unpublish_off_air_does_nothing() -> None:
    """The operator has ended the broadcast already."""
    assert calls(Situation(now=NOW), UnpublishNotice(OBS)) == []


def test_a_tick_that_finds_all_well_does_nothing() -> None:
    """A steady broadcast and the memory of it stay as they are."""
    decision = decide(Rules(), KNOWN, LIVE, Tick())
    assert (decision.actions, decision.memory) == ((), KNOWN)


def test_a_tick_corrects_a_lost_publish() -> None:
    """The publisher that the server lists becomes the current publisher."""
    decision = decide(Rules(), PublisherMemory(), Situation(now=NOW, publishers=(OBS,)), Tick())
    assert (decision.memory.current, decision.memory.accepted_at) == (OBS, NOW)
    assert [action.unit for action in decision.actions if hasattr(action, "unit")] == [
        unit_names.TARGET,
        "live@main.service",
    ]


def test_a_tick_stops_pulling_a_stream_that_is_not_the_publishers() -> None:
    """The two hooks of a change of stream were lost."""
    requests = calls(replace(LIVE, publishers=(OTHER,)), Tick())
    assert requests == ["stop live@main.service", "start live@other.service"]


def test_a_tick_corrects_a_lost_unpublish() -> None:
    """No publisher is listed, so the puller is stopped and the hold begins."""
    assert ["stop live@main.service", f"start {unit_names.HOLD_TIMER}"] == calls(DROPPED, Tick())


def test_a_publisher_just_accepted_need_not_be_listed_yet() -> None:
    """Within GRACE an empty list does not end a broadcast that has just begun."""
    memory = PublisherMemory(OBS, accepted_at=NOW - GRACE + 0.1)
    assert ((), memory) == (decide(Rules(), memory, DROPPED, Tick()).actions, memory)


def test_a_publisher_just_accepted_stays_current_while_the_displaced_publisher_is_listed() -> None:
    """Otherwise the unpublish of the displaced publisher would stop the new publisher's puller."""
    memory = PublisherMemory(OBS, accepted_at=NOW - GRACE + 0.1)
    decision = decide(Rules(), memory, replace(LIVE, publishers=(STALE,)), Tick())
    assert decision.memory.current == OBS


def test_a_server_that_does_not_answer_is_given_time() -> None:
    """For UNREACHABLE seconds its silence changes nothing."""
    silent = replace(DROPPED, publishers=None, unreachable=UNREACHABLE - 0.1)
    assert calls(silent, Tick()) == []


def test_a_server_that_stays_silent_counts_as_having_no_publisher() -> None:
    """After UNREACHABLE seconds the hold begins, so a dead server does not keep a broadcast on air."""
    silent = replace(DROPPED, publishers=None, unreachable=UNREACHABLE)
    assert ["stop live@main.service", f"start {unit_names.HOLD_TIMER}"] == calls(silent, Tick())


def test_a_server_that_stays_silent_does_not_end_a_live_stream() -> None:
    """While the program plays a publisher's stream, a missing list does not end it."""
    silent = replace(LIVE, publishers=None, unreachable=10 * UNREACHABLE, is_heard=True)
    assert decide(Rules(), KNOWN, silent, Tick()) == decide(Rules(), KNOWN, LIVE, Tick())


def test_an_opening_requested_while_a_publisher_is_connected_is_cleared_at_once() -> None:
    """`on-air` while OBS is connected. Otherwise no hold would run after OBS disconnects."""
    assert ClearOperatorRequests() in actions(replace(LIVE, is_opened=True), Tick())


@pytest.mark.parametrize(
    ("rules", "situation"),
    [
        (Rules(hold=None), FALLBACK),
        (Rules(standby=True), FALLBACK),
        (Rules(), replace(FALLBACK, is_opened=True)),
        (Rules(), replace(FALLBACK, is_hold_running=True)),
        (Rules(), Situation(now=NOW)),
    ],
    ids=["forever", "standby", "opened by the operator", "running already", "off air"],
)
def test_no_hold_begins(rules: Rules, situation: Situation) -> None:
    """No publisher is listed, and the broadcast is to stay, has a hold already, or is not on air."""
    assert calls(situation, Tick(), rules=rules, memory=PublisherMemory()) == []


def test_a_hold_of_zero_ends_the_broadcast_at_once() -> None:
    """The timer's service is started directly."""
    requests = calls(LIVE, UnpublishNotice(OBS), rules=Rules(hold=0.0))
    assert ["stop live@main.service", f"start {unit_names.HOLD_SERVICE}"] == requests


def test_a_hold_that_was_configured_later_ends_the_broadcast() -> None:
    """No timer runs; the time for which the fallback has been playing decides."""
    situation = replace(FALLBACK, fallback_for=60.0)
    assert [f"start {unit_names.HOLD_SERVICE}"] == calls(
        situation, Tick(), rules=Rules(hold=60.0), memory=PublisherMemory()
    )


@pytest.mark.parametrize(("late", "requests"), [(-0.1, []), (0.1, [f"start {unit_names.HOLD_SERVICE}"])])
def test_a_running_timer_has_until_it_is_overdue(late: float, requests: list[str]) -> None:
    """A shortened hold can leave the timer without an end; the agent then ends the broadcast."""
    situation = replace(FALLBACK, is_hold_running=True, hold_left=-OVERDUE - late)
    assert requests == calls(situation, Tick(), rules=Rules(hold=60.0), memory=PublisherMemory())


def test_a_new_drop_starts_the_hold_again() -> None:
    """The hold is whole even after a publisher that was never live, while the fallback played."""
    situation = replace(LIVE, fallback_for=3000.0)
    requests = calls(situation, UnpublishNotice(OBS), rules=Rules(hold=60.0))
    assert ["stop live@main.service", f"start {unit_names.HOLD_TIMER}"] == requests


def test_the_operators_end_lasts_while_the_publisher_stays_connected() -> None:
    """The next tick does not undo `off-air`."""
    ended = Situation(now=NOW, publishers=(OBS,), is_ended=True)
    assert calls(ended, Tick()) == []


def test_the_next_publish_ends_the_operators_end() -> None:
    """OBS that starts streaming again goes on air again."""
    ended = Situation(now=NOW, publishers=(), is_ended=True)
    assert calls(ended, PublishRequest(OBS)) == ["start restream.target", "restart live@main.service"]
