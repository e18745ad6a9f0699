"""Decisions while a broadcast ends, and on what an end may leave over."""

from dataclasses import replace

from restream_agent.agent.actions import DropPublisher
from restream_agent.agent.decide import (
    REPLACED,
    PublisherMemory,
    PublishRequest,
    Rules,
    Tick,
    UnpublishNotice,
    decide,
)
from tests.unit.agent.test_decide import FALLBACK, LIVE, OBS, STALE, actions, calls


def test_nothing_is_asked_of_systemd_while_a_broadcast_ends() -> None:
    """The units are about to change. Publishers are still accepted, and others are still disconnected."""
    ending = replace(LIVE, is_ending=True, publishers=(STALE,), stuck_relays=("twitch",))
    decision = decide(Rules(), PublisherMemory(), ending, PublishRequest(OBS))
    assert (decision.refusal, decision.memory.current) == ("", OBS)
    assert decision.actions == (DropPublisher(STALE, REPLACED),)
    for event in (UnpublishNotice(OBS), Tick()):
        assert actions(replace(ending, publishers=()), event) == ()


def test_what_a_publish_started_just_before_the_end_is_stopped() -> None:
    """A puller without a broadcast, and the program that it woke; OBS stays connected after off-air."""
    leftover = replace(LIVE, is_on_air=False, is_ended=True)
    stops = ["stop live@main.service", "stop fallback.service"]
    assert calls(leftover, Tick()) == stops
    assert calls(replace(leftover, is_ended=False, publishers=()), Tick()) == stops


def test_a_hold_that_should_not_run_is_stopped() -> None:
    """It was asked for just before `on-air`, or just before OBS came back."""
    hold = ["stop restream-off-air.timer"]
    assert calls(replace(FALLBACK, is_hold_running=True, is_opened=True), Tick()) == hold
    assert calls(replace(LIVE, is_hold_running=True), Tick()) == hold
