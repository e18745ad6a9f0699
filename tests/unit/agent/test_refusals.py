"""Refused publishers: the line in the log, and what is remembered."""

import logging

import pytest

from restream_agent.agent.refusals import BAD_NAME, NO_KEY, WRONG_KEY, Refusal, Refusals, advised
from restream_agent.wire.status_report import RefusalStatus


def test_a_wrong_key_has_the_line_that_fail2ban_reads(caplog: pytest.LogCaptureFixture) -> None:
    """Its words never change; another reason comes after the address."""
    with caplog.at_level(logging.WARNING):
        refusals = Refusals()
        refusals.note(WRONG_KEY, "203.0.113.9")
        refusals.note(Refusal("the application is not live", "type another"), "203.0.113.9")
        refusals.note(Refusal("two publishers are fighting for the stream"), "203.0.113.9")
    assert caplog.messages == [
        "publish refused: wrong key from 203.0.113.9",
        "publish refused: from 203.0.113.9, the application is not live; type another",
        "publish refused: from 203.0.113.9, two publishers are fighting for the stream",
    ]


CHANNELS = ("main", "en", "es")


def test_a_wrong_key_for_no_channel_names_those_that_exist(caplog: pytest.LogCaptureFixture) -> None:
    """In a line of its own, since fail2ban's line ends with the address; for a channel, there is none."""
    refusals = Refusals()
    for stream in ("", "other", "es", "main"):
        refusals.note(advised(WRONG_KEY, stream, CHANNELS), "203.0.113.9")
    wrong = "publish refused: wrong key from 203.0.113.9"
    names = "publish refused: its name is no channel's; channels: main, en, es"
    assert caplog.messages == [wrong, names, wrong, names, wrong, wrong]


def test_a_remedy_names_the_channel_that_was_meant() -> None:
    """Or those that exist; with one channel it is as it has always been."""
    assert "the stream key es" in advised(NO_KEY, "es", CHANNELS).remedy
    assert "the stream key es?key=KEY" in advised(NO_KEY, "es", CHANNELS).remedy
    assert advised(BAD_NAME, "a b", CHANNELS).remedy == f"{BAD_NAME.remedy}; channels: main, en, es"
    assert advised(NO_KEY, "main", CHANNELS) == advised(NO_KEY, "other", ()) == NO_KEY
    fight = Refusal("two publishers are fighting for the stream")
    assert advised(fight, "other", CHANNELS) == fight


def test_the_last_one_is_in_the_status() -> None:
    """With the number of all of them, and how long ago it was."""
    now = [5.0]
    refusals = Refusals(clock=lambda: now[0])
    assert refusals.report() is None
    refusals.note(WRONG_KEY, "203.0.113.0")
    for number in (1, 2):
        refusals.note(NO_KEY, f"203.0.113.{number}")
    now[0] = 7.5
    assert refusals.report() == RefusalStatus(
        NO_KEY.reason, "203.0.113.2", ago=2.5, count=3, remedy=NO_KEY.remedy
    )
