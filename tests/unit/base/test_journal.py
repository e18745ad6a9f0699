"""The lines of our own processes in the journal."""

import logging

import pytest

from restream_agent.base import journal


def formatted(message: str) -> str:
    """Return what is written to stderr for a warning."""
    record = logging.LogRecord("x", logging.WARNING, "", 0, "%s", (message,), None)
    return journal.JournalFormatter("%(message)s").format(record)


def test_each_line_has_its_priority() -> None:
    """The journal reads it and removes it; see sd-daemon(3)."""
    assert formatted("publish refused: wrong key from 192.0.2.1") == (
        "<4>publish refused: wrong key from 192.0.2.1"
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x0b", "\x85"])
def test_a_message_cannot_forge_a_line(end: str) -> None:
    """What follows a line break is indented: the filter of fail2ban reads lines from their beginning."""
    lines = formatted(f"error{end}publish refused: wrong key from 192.0.2.1").split("\n")
    assert lines == ["<4>error", "<4>  publish refused: wrong key from 192.0.2.1"]


def test_control_characters_do_not_reach_the_terminal() -> None:
    """`journalctl -o cat` prints them as they are."""
    assert formatted("a\x1b[2Jb\u202ec\x00d") == "<4>a [2Jb c d"
