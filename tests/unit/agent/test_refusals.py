"""Refused publishers: the line in the log, and what is remembered."""

import logging

import pytest

from restream_agent.agent.refusals import WRONG_KEY, Refusals
from restream_agent.wire.status_report import RefusalStatus


def test_a_wrong_key_has_the_line_that_fail2ban_reads(caplog: pytest.LogCaptureFixture) -> None:
    """Its words never change; another reason comes after the address."""
    with caplog.at_level(logging.WARNING):
        refusals = Refusals()
        refusals.note(WRONG_KEY, "203.0.113.9")
        refusals.note("its application is not live", "203.0.113.9")
    assert caplog.messages == [
        "publish refused: wrong key from 203.0.113.9",
        "publish refused: from 203.0.113.9, its application is not live",
    ]


def test_the_last_one_is_in_the_status() -> None:
    """With the number of all of them, and how long ago it was."""
    now = [5.0]
    refusals = Refusals(clock=lambda: now[0])
    assert refusals.report() is None
    for number in range(3):
        refusals.note(WRONG_KEY, f"203.0.113.{number}")
    now[0] = 7.5
    assert refusals.report() == RefusalStatus(WRONG_KEY, "203.0.113.2", ago=2.5, count=3)
