"""Relays are connected anew before the timestamps of their connection end: one at a time, when few watch."""

from dataclasses import replace

import pytest

from restream_agent.agent.actions import ChangeUnit
from restream_agent.agent.decide import PublisherMemory, Rules, Tick, decide
from restream_agent.agent.renewal import DAY, LAST_TIMESTAMP, RENEWED_AT_ONCE, due, ends_in
from restream_agent.agent.situation import Publisher, Situation

OBS = Publisher("c1", "main", "192.0.2.1")
DAYTIME = Situation(
    now=1000.0, publishers=(OBS,), is_on_air=True, live_streams=frozenset({"main"}),
    relay_ages={"kick": 3 * DAY, "twitch": 20 * DAY, "youtube": 19.99 * DAY},
)  # fmt: skip
NIGHT = replace(DAYTIME, is_night=True)
LAST_DAY = replace(DAYTIME, relay_ages={"kick": 24 * DAY, "twitch": 24.1 * DAY})


@pytest.mark.parametrize(
    ("situation", "relay"),
    [
        (DAYTIME, None),
        (NIGHT, "twitch"),
        (replace(NIGHT, relay_ages={"youtube": 19.99 * DAY}), None),
        (replace(NIGHT, is_relay_settling=True), None),
        (replace(NIGHT, is_on_air=False), None),
        (replace(NIGHT, relay_ages={}), None),
        (replace(DAYTIME, fallback_for=59.0), None),
        (replace(DAYTIME, fallback_for=60.0), "twitch"),
        (LAST_DAY, "twitch"),
        (replace(LAST_DAY, is_relay_settling=True), None),
        (replace(LAST_DAY, is_relay_settling=True, relay_ages={"kick": RENEWED_AT_ONCE}), "kick"),
    ],
)
def test_the_oldest_connection_is_renewed_when_it_disturbs_least(
    situation: Situation, relay: str | None
) -> None:
    """From 20 days on at night and during the fallback, from 24 days on at any time; one after another."""
    assert due(situation) == relay


def test_the_last_moment_is_hours_before_the_end() -> None:
    """A relay that never starts does not keep the others from it."""
    assert LAST_TIMESTAMP - RENEWED_AT_ONCE > 8 * 3600


def test_a_tick_restarts_the_relay_with_the_reason() -> None:
    """A restart by hand has no pause; systemd's log and ours say why."""
    decision = decide(Rules(), PublisherMemory(OBS, accepted_at=0.0), NIGHT, Tick())
    reason = "the timestamps of its connection end in 4.9 days"
    assert decision.actions == (ChangeUnit("restart", "ffmpeg-relay@twitch.service", reason),)
    ending = replace(NIGHT, is_ending=True)
    assert not decide(Rules(), PublisherMemory(OBS, accepted_at=0.0), ending, Tick()).actions


@pytest.mark.parametrize(
    ("age", "left"), [(None, None), (0.0, None), (18.9 * DAY, None), (19 * DAY, LAST_TIMESTAMP - 19 * DAY)]
)
def test_it_is_announced_a_day_before(age: float | None, left: float | None) -> None:
    """With the time that is left."""
    assert ends_in(age) == left
