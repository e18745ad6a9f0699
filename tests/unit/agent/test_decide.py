"""What follows from hooks, ticks and restarts, whatever is lost, repeated, late or out of order."""

from dataclasses import replace

import pytest

from restream_agent.agent.decide import (
    FIGHT,
    FIGHT_WINDOW,
    GRACE,
    OVERDUE,
    UNREACHABLE,
    Action,
    Drop,
    Event,
    ForgetOperator,
    Kill,
    Memory,
    Observed,
    Publish,
    Publisher,
    Rules,
    Tick,
    Unit,
    Unpublish,
    decide,
)
from restream_agent.systemd import unit_names

NOW = 1000.0
OBS = Publisher("c1", "main", "192.0.2.1")
STALE = Publisher("c0", "main", "192.0.2.1")
OTHER = Publisher("c2", "other", "192.0.2.2")
KNOWN = Memory(OBS, accepted_at=NOW - 100)
LIVE = Observed(now=NOW, publishers=(OBS,), is_on_air=True, live_streams=frozenset({"main"}))
DROPPED = replace(LIVE, publishers=())
FALLBACK = Observed(now=NOW, is_on_air=True)


def calls(
    observed: Observed, event: Event, *, memory: Memory = KNOWN, rules: Rules | None = None
) -> list[str]:
    """Return what is asked of systemd, as "verb unit"."""
    actions = decide(rules or Rules(), memory, observed, event).actions
    return [f"{one.verb} {one.unit}" for one in actions if isinstance(one, Unit)]


def actions(observed: Observed, event: Event, memory: Memory = KNOWN) -> tuple[Action, ...]:
    """Return all that is to be done."""
    return decide(Rules(), memory, observed, event).actions


def test_a_publish_off_air_starts_the_broadcast_and_pulls_the_stream() -> None:
    """The target is started before the puller, which is always begun anew."""
    wanted = calls(Observed(now=NOW), Publish(OBS), memory=Memory())
    assert wanted == ["start restream.target", "restart live@main.service"]


def test_a_publisher_of_whom_nothing_ever_came_has_to_come_again() -> None:
    """The server lists it, its stream is pulled, and nothing of it reaches the program."""
    silent = replace(LIVE, unheard_for=30.0)
    assert decide(Rules(silence=30.0), KNOWN, silent, Tick()).actions == (Drop(OBS),)
    for silence in (31.0, None):
        assert decide(Rules(silence=silence), KNOWN, silent, Tick()).actions == ()


def test_a_relay_that_stands_still_is_killed_at_a_tick() -> None:
    """Whatever else the tick finds; systemd starts it again."""
    kill = Kill("ffmpeg-relay@twitch.service", "has delivered nothing for too long")
    for observed in (LIVE, FALLBACK, replace(LIVE, publishers=None)):
        assert kill in actions(replace(observed, stuck_relays=("twitch",)), Tick())
        assert kill not in actions(observed, Tick())


def test_a_publish_on_air_leaves_the_target_alone() -> None:
    """Only the puller is restarted, so no relay notices."""
    assert calls(FALLBACK, Publish(OBS), memory=Memory()) == ["restart live@main.service"]


def test_a_publish_ends_what_the_operator_wanted_of_the_opening() -> None:
    """The wishes "open" and "end" are over when a publisher comes."""
    assert ForgetOperator() in actions(FALLBACK, Publish(OBS))


def test_a_publish_has_the_fallback_matched_where_that_is_wanted() -> None:
    """With `matches_live` the preparation is started; it finds out by itself whether it has work."""
    wanted = calls(FALLBACK, Publish(OBS), rules=Rules(matches_live=True))
    assert f"restart {unit_names.PREPARE_UNIT}" == wanted[-1]


def test_a_takeover_drops_exactly_the_others() -> None:
    """Every publisher but the new one is thrown out, whatever its stream is called."""
    observed = replace(LIVE, publishers=(STALE, OBS, OTHER))
    dropped = [one.publisher for one in actions(observed, Publish(OBS)) if isinstance(one, Drop)]
    assert dropped == [STALE, OTHER]


def test_a_takeover_by_another_stream_stops_pulling_the_first() -> None:
    """Two pullers would take the program's input from each other for ever."""
    wanted = calls(replace(LIVE, publishers=(OBS,)), Publish(OTHER))
    assert wanted == ["stop live@main.service", "restart live@other.service"]


def test_a_repeated_publish_of_the_same_client_drops_nobody() -> None:
    """A server that asks twice does not make a publisher throw itself out."""
    assert not [one for one in actions(LIVE, Publish(OBS)) if isinstance(one, Drop)]


def test_publishers_that_fight_are_refused_and_the_one_who_is_live_stays() -> None:
    """After FIGHT takeovers within FIGHT_WINDOW the next one changes nothing."""
    memory = replace(KNOWN, takeovers=tuple(NOW - age for age in range(FIGHT)))
    decision = decide(Rules(), memory, LIVE, Publish(OTHER))
    assert (decision.refusal, decision.actions) == ("two publishers are fighting for the stream", ())
    assert decision.memory.current == OBS


def test_a_fight_lasts_as_long_as_the_one_who_is_refused_goes_on_trying() -> None:
    """Every 20 s for ten minutes: who is live stays live."""
    memory = replace(KNOWN, takeovers=(NOW,) * FIGHT)
    for second in range(20, 600, 20):
        decision = decide(Rules(), memory, replace(LIVE, now=NOW + second), Publish(OTHER))
        assert (decision.refusal != "", decision.actions) == (True, ())
        memory = decision.memory


def test_a_fight_is_over_after_its_window() -> None:
    """Takeovers that are longer ago than FIGHT_WINDOW are forgotten."""
    memory = replace(KNOWN, takeovers=(NOW - FIGHT_WINDOW,) * FIGHT)
    decision = decide(Rules(), memory, LIVE, Publish(OTHER))
    assert (decision.refusal, decision.memory.takeovers) == ("", (NOW,))


def test_a_publisher_who_comes_back_to_an_empty_stream_is_never_fighting() -> None:
    """Only takeovers count, so a broken upload line may reconnect as often as it likes."""
    memory = Memory(takeovers=(NOW,) * FIGHT)
    assert not decide(Rules(), memory, FALLBACK, Publish(OBS)).refusal


def test_an_unpublish_of_a_client_that_is_not_current_changes_nothing() -> None:
    """The displaced one's unpublish comes while the new one is live."""
    decision = decide(Rules(), KNOWN, LIVE, Unpublish(STALE))
    assert (decision.actions, decision.memory) == ((), KNOWN)


def test_an_unpublish_while_nobody_is_known_but_somebody_is_there_changes_nothing() -> None:
    """An agent that has lost its memory goes by the server's list."""
    decision = decide(Rules(), Memory(), LIVE, Unpublish(STALE))
    assert ((), Memory()) == (decision.actions, decision.memory)


def test_an_unpublish_of_the_current_client_stops_the_puller_and_begins_the_hold() -> None:
    """The server may still list the one that is going."""
    decision = decide(Rules(), KNOWN, LIVE, Unpublish(OBS))
    assert (
        Unit("stop", "live@main.service", "the publisher has gone"),
        Unit("start", unit_names.HOLD_TIMER, "the hold begins"),
    ) == decision.actions
    assert decision.memory.current is None


def test_an_unpublish_off_air_does_nothing() -> None:
    """The operator has ended the broadcast already."""
    assert calls(Observed(now=NOW), Unpublish(OBS)) == []


def test_a_tick_that_finds_all_well_does_nothing() -> None:
    """A steady broadcast is left alone and remembered as it is."""
    decision = decide(Rules(), KNOWN, LIVE, Tick())
    assert (decision.actions, decision.memory) == ((), KNOWN)


def test_a_tick_makes_good_a_lost_publish() -> None:
    """The publisher whom the server lists becomes the current one."""
    decision = decide(Rules(), Memory(), Observed(now=NOW, publishers=(OBS,)), Tick())
    assert (decision.memory.current, decision.memory.accepted_at) == (OBS, NOW)
    assert [one.unit for one in decision.actions if hasattr(one, "unit")] == [
        unit_names.TARGET,
        "live@main.service",
    ]


def test_a_tick_stops_pulling_a_stream_that_is_not_the_publishers() -> None:
    """Both hooks of a change of stream were lost."""
    wanted = calls(replace(LIVE, publishers=(OTHER,)), Tick())
    assert wanted == ["stop live@main.service", "start live@other.service"]


def test_a_tick_makes_good_a_lost_unpublish() -> None:
    """Nobody is listed, so the puller is stopped and the hold begins."""
    assert ["stop live@main.service", f"start {unit_names.HOLD_TIMER}"] == calls(DROPPED, Tick())


def test_a_publisher_just_accepted_need_not_be_listed_yet() -> None:
    """Within GRACE a tick that finds nobody does not end what has just begun."""
    memory = Memory(OBS, accepted_at=NOW - GRACE + 0.1)
    assert ((), memory) == (decide(Rules(), memory, DROPPED, Tick()).actions, memory)


def test_a_publisher_just_accepted_stays_current_while_the_displaced_one_is_still_listed() -> None:
    """Else the displaced one's unpublish would stop the puller of the new one."""
    memory = Memory(OBS, accepted_at=NOW - GRACE + 0.1)
    decision = decide(Rules(), memory, replace(LIVE, publishers=(STALE,)), Tick())
    assert decision.memory.current == OBS


def test_a_server_that_does_not_answer_is_given_time() -> None:
    """For UNREACHABLE seconds nothing is concluded from its silence."""
    silent = replace(DROPPED, publishers=None, unreachable=UNREACHABLE - 0.1)
    assert calls(silent, Tick()) == []


def test_a_server_that_stays_silent_counts_as_one_that_nobody_publishes_to() -> None:
    """After UNREACHABLE seconds the hold begins, so a dead server does not keep a broadcast for ever."""
    silent = replace(DROPPED, publishers=None, unreachable=UNREACHABLE)
    assert ["stop live@main.service", f"start {unit_names.HOLD_TIMER}"] == calls(silent, Tick())


def test_a_server_that_stays_silent_ends_nobody_who_is_heard() -> None:
    """The program plays what a publisher sends: that he cannot be looked up does not end it."""
    silent = replace(LIVE, publishers=None, unreachable=10 * UNREACHABLE, is_heard=True)
    assert decide(Rules(), KNOWN, silent, Tick()) == decide(Rules(), KNOWN, LIVE, Tick())


def test_an_opening_that_was_asked_for_under_a_publisher_is_over_at_once() -> None:
    """`on-air` while OBS is there: else the hold would not run once OBS has gone."""
    assert ForgetOperator() in actions(replace(LIVE, is_opened=True), Tick())


@pytest.mark.parametrize(
    ("rules", "observed"),
    [
        (Rules(hold=None), FALLBACK),
        (Rules(standby=True), FALLBACK),
        (Rules(), replace(FALLBACK, is_opened=True)),
        (Rules(), replace(FALLBACK, is_hold_running=True)),
        (Rules(), Observed(now=NOW)),
    ],
    ids=["forever", "standby", "opened by the operator", "running already", "off air"],
)
def test_no_hold_begins(rules: Rules, observed: Observed) -> None:
    """Nobody publishes, and the broadcast is to stay, is timed already, or is not on air."""
    assert calls(observed, Tick(), rules=rules, memory=Memory()) == []


def test_a_hold_of_zero_ends_the_broadcast_at_once() -> None:
    """The service of the timer is started itself."""
    wanted = calls(LIVE, Unpublish(OBS), rules=Rules(hold=0.0))
    assert ["stop live@main.service", f"start {unit_names.HOLD_SERVICE}"] == wanted


def test_a_hold_that_was_shortened_meanwhile_ends_the_broadcast() -> None:
    """The timer cannot know of it; the time that the fallback has been playing tells."""
    observed = replace(FALLBACK, fallback_for=60.0)
    assert [f"start {unit_names.HOLD_SERVICE}"] == calls(
        observed, Tick(), rules=Rules(hold=60.0), memory=Memory()
    )


@pytest.mark.parametrize(("late", "wanted"), [(-0.1, []), (0.1, [f"start {unit_names.HOLD_SERVICE}"])])
def test_a_running_timer_has_until_it_is_overdue(late: float, wanted: list[str]) -> None:
    """A timer that a shortened hold has left without an end is made good."""
    observed = replace(FALLBACK, is_hold_running=True, hold_left=-OVERDUE - late)
    assert wanted == calls(observed, Tick(), rules=Rules(hold=60.0), memory=Memory())


def test_a_new_drop_starts_the_hold_anew() -> None:
    """A publisher who leaves before it was live leaves the whole hold, however long the fallback played."""
    observed = replace(LIVE, fallback_for=3000.0)
    wanted = calls(observed, Unpublish(OBS), rules=Rules(hold=60.0))
    assert ["stop live@main.service", f"start {unit_names.HOLD_TIMER}"] == wanted


def test_the_operators_end_outlasts_the_publisher_who_is_still_there() -> None:
    """`off-air` under a publisher is not undone by the next tick."""
    ended = Observed(now=NOW, publishers=(OBS,), is_ended=True)
    assert calls(ended, Tick()) == []


def test_the_operators_end_is_over_with_the_next_publish() -> None:
    """OBS that starts streaming again goes on air again."""
    ended = Observed(now=NOW, publishers=(), is_ended=True)
    assert calls(ended, Publish(OBS)) == ["start restream.target", "restart live@main.service"]
