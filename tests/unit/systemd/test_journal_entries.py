"""Entries of the journal, out of the JSON of journalctl."""

import json
from typing import Any

import pytest

from restream_agent.systemd.journal_entries import Entry, command, read


def line(**fields: Any) -> str:
    """Return a line as journalctl prints it: every value is text, but for bytes and for several of a name."""
    return json.dumps({"__REALTIME_TIMESTAMP": "1764174784123456", "__CURSOR": "s=1", **fields})


def test_a_line_of_a_unit_is_read() -> None:
    """Its time is in seconds."""
    entry = read(line(_SYSTEMD_UNIT="fallback.service", MESSAGE="drop", PRIORITY="4"))
    assert entry == Entry(1764174784.123456, "fallback.service", "drop", 4)


def test_a_line_of_systemd_is_about_the_unit_that_it_names() -> None:
    """With the kind of its message, and what came of the unit's process."""
    entry = read(
        line(
            _SYSTEMD_UNIT="init.scope", UNIT="live@main.service", MESSAGE="…", PRIORITY="5",
            MESSAGE_ID="98e322203f7a4ed290d09fe03c09fe15", EXIT_CODE="killed", EXIT_STATUS="9",
        )
    )  # fmt: skip
    assert entry is not None
    assert (entry.unit, entry.is_systemd) == ("live@main.service", True)
    assert (entry.kind, entry.details) == (
        "98e322203f7a4ed290d09fe03c09fe15",
        {"EXIT_CODE": "killed", "EXIT_STATUS": "9"},
    )


def test_no_unit_speaks_in_the_name_of_another() -> None:
    """A process can add any field but those that begin with an underscore, systemd.journal-fields(7)."""
    entry = read(line(_SYSTEMD_UNIT="evil.service", UNIT="restream.target", MESSAGE="OFF AIR"))
    assert entry is not None
    assert (entry.unit, entry.is_systemd) == ("evil.service", False)


def test_a_core_dump_belongs_to_the_unit_that_crashed() -> None:
    """It is written by systemd-coredump."""
    entry = read(
        line(_SYSTEMD_UNIT="systemd-coredump@1.service", COREDUMP_UNIT="fallback.service", MESSAGE="x")
    )
    assert entry is not None
    assert entry.unit == "fallback.service"


@pytest.mark.parametrize(
    ("message", "text"),
    [([104, 195, 164, 27], "hä\x1b"), ([255], "\ufffd"), (["a", "b"], "a\nb"), (None, ""), (5, "")],
)
def test_a_message_may_be_no_text(message: Any, text: str) -> None:
    """journalctl then prints its bytes; it may come twice, too."""
    entry = read(line(MESSAGE=message))
    assert entry is not None
    assert entry.text == text


@pytest.mark.parametrize(
    "text", ["-- No entries --", "", "[]", "{}", "null", '{"__REALTIME_TIMESTAMP": null}']
)
def test_what_is_no_entry_is_none(text: str) -> None:
    """journalctl prints other lines, too."""
    assert read(text) is None


@pytest.mark.parametrize("priority", ["", "9", "x", "²"])
def test_a_priority_that_is_none_counts_as_the_usual_one(priority: str) -> None:
    """The field is the sender's."""
    entry = read(line(PRIORITY=priority))
    assert entry is not None
    assert entry.priority == 6


def test_journalctl_is_asked_for_everything_since_the_time_while_it_follows() -> None:
    """By itself it begins with the last ten entries."""
    asked = command(("a.service", "b@*.service"), since="@5", lines=None, follows=True)
    assert asked[:2] == ("journalctl", "--output=json")
    assert asked[-5:] == ("--since=@5", "--lines=all", "--follow", "--unit=a.service", "--unit=b@*.service")
    assert not {"--follow", "--lines=all"} & set(
        command(("a.service",), since="@5", lines=None, follows=False)
    )
    assert "--lines=100" in command(("a.service",), since="", lines=100, follows=False)
