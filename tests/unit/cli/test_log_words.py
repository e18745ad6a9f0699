"""The journals of a broadcast in words."""

from datetime import datetime

import click
import pytest

from restream_agent.cli.log_words import (
    ENDED,
    FAILED,
    OUT_OF_MEMORY,
    RELOADED,
    RESTARTS,
    START_FAILED,
    STARTED,
    STOPPED,
    line_of,
    units_of,
    writer,
)
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.journal_entries import Entry

AT = datetime(2026, 11, 26, 17, 33, 4).astimezone().timestamp()
MAIN, ES = Channel(others=frozenset({"es"})), Channel("es")


def told(unit: str, text: str, *channels: Channel, priority: int = 6, width: int = 0) -> str:
    """Return what a unit's own line becomes."""
    entry = Entry(AT, unit, text, priority)
    return click.unstyle(line_of(entry, channels or (MAIN_CHANNEL,), width=width))


def of_systemd(unit: str, kind: str, text: str = "", **details: str) -> str:
    """Return what a line of the service manager becomes, without its time and writer."""
    entry = Entry(AT, unit, text, kind=kind, is_systemd=True, details=details)
    return click.unstyle(line_of(entry, (MAIN_CHANNEL,))).partition("  ")[2].partition("  ")[2]


def test_a_restart_is_no_stop() -> None:
    """systemd says "stopped" in the middle of it; "started" follows."""
    relay = "ffmpeg-relay@twitch.service"
    assert of_systemd(relay, STOPPED, JOB_TYPE="restart") == ""
    assert of_systemd(relay, STOPPED, JOB_TYPE="stop").strip() == "stopped"


def test_a_line_has_its_time_its_writer_and_its_words() -> None:
    """The time as journalctl prints it."""
    assert told("ffmpeg-relay@twitch.service", "Connection refused", width=14) == (
        "Nov 26 17:33:04  relay twitch    Connection refused"
    )


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("restream.target", "broadcast"),
        ("fallback.service", "program"),
        ("ffmpeg-relay@twitch.service", "relay twitch"),
        ("live@main.service", "player"),
        ("restream-off-air.timer", "hold"),
        ("restream-off-air.service", "hold"),
        ("restream-fallback-prepare.service", "fallback"),
        ("restream-fallback-convert@configured.service", "fallback"),
        ("restream-agent.service", "agent"),
        ("restream-apply.service", "apply"),
        ("restream-ingest.service", "ingest"),
        ("restream-notify.service", "notifier"),
    ],
)
def test_units_are_called_by_what_they_are(unit: str, name: str) -> None:
    """In the words of the documents."""
    assert writer(unit, MAIN_CHANNEL, is_one=True) == name


def test_of_several_channels_each_is_named() -> None:
    """What they share is not one's."""
    names = [
        told(unit, "x", MAIN, ES).split("  ")[1]
        for unit in (
            "fallback.service", "fallback@es.service", "ffmpeg-relay@es.twitch.service", "live@es.service",
            "live@other.service", "restream-agent.service",
        )
    ]  # fmt: skip
    assert names == [
        "main: program",
        "es: program",
        "es: relay twitch",
        "es: player",
        "main: player",
        "agent",
    ]


@pytest.mark.parametrize("unit", ["fallback@es.service", "ffmpeg-relay@es.twitch.service", "live@es.service"])
def test_the_units_of_another_channel_are_left_out(unit: str) -> None:
    """A pattern of main's matches them, too."""
    assert told(unit, "x", MAIN) == ""
    assert told(unit, "x", ES) != ""


@pytest.mark.parametrize(
    ("unit", "kind", "words"),
    [
        ("restream.target", STARTED, "ON AIR"),
        ("restream.target", STOPPED, "OFF AIR"),
        ("restream-off-air.timer", STARTED, "the hold begins"),
        ("restream-off-air.timer", STOPPED, "the hold is over"),
        ("restream-off-air.service", STARTED, "the broadcast is ended"),
        ("fallback.service", STARTED, "started"),
        ("fallback.service", STOPPED, "stopped"),
        ("fallback.service", RELOADED, "has read its settings anew"),
        ("fallback.service", OUT_OF_MEMORY, "killed: out of memory"),
        ("restream-apply.service", STARTED, "done"),
        ("restream-take-back.service", STARTED, "done"),
        ("restream-apply.service", START_FAILED, ""),
        ("fallback.service", START_FAILED, "could not be started"),
        ("restream-forget.service", STARTED, ""),
        ("fallback.service", "7d4958e842da4a758f6c1cdc7b36dcc5", ""),
        ("fallback.service", "unknown", "what systemd said"),
    ],
)
def test_what_systemd_says_is_told_in_words(unit: str, kind: str, words: str) -> None:
    """And what says nothing more is left out."""
    assert of_systemd(unit, kind, "what systemd said") == words


@pytest.mark.parametrize(
    ("kind", "details", "words"),
    [
        (ENDED, {"EXIT_CODE": "exited", "EXIT_STATUS": "0"}, ""),
        (ENDED, {"EXIT_CODE": "exited", "EXIT_STATUS": "1"}, "its process ended with status 1"),
        (ENDED, {"EXIT_CODE": "killed", "EXIT_STATUS": "9"}, "its process was killed (9)"),
        (FAILED, {"UNIT_RESULT": "watchdog"}, "failed: watchdog"),
        (FAILED, {}, "failed: its log says why"),
        (RESTARTS, {"N_RESTARTS": "1"}, "is started again, for the 1st time"),
        (RESTARTS, {"N_RESTARTS": "12"}, "is started again, for the 12th time"),
        (RESTARTS, {"N_RESTARTS": "23"}, "is started again, for the 23rd time"),
        (RESTARTS, {}, "is started again, for the next time"),
    ],
)
def test_the_end_of_a_process_is_told_with_its_cause(kind: str, details: dict[str, str], words: str) -> None:
    """An end as it should be is not told: "stopped" follows."""
    assert of_systemd("ffmpeg-relay@twitch.service", kind, **details) == words


def test_a_text_of_several_lines_is_indented() -> None:
    """So each line of the time line that begins with a time is an entry, whatever a client has sent."""
    shown = told("restream-ingest.service", "first\nNov 26 17:33:04  broadcast  OFF AIR\x1b[2J\n")
    assert shown.splitlines() == [
        "Nov 26 17:33:04  ingest  first",
        "    Nov 26 17:33:04  broadcast  OFF AIR [2J",
    ]
    assert told("restream-ingest.service", "") == ""


@pytest.mark.parametrize(("priority", "tone"), [(3, "\x1b[31m"), (4, "\x1b[33m"), (7, "\x1b[2m")])
def test_the_priority_has_a_tone(priority: int, tone: str) -> None:
    """That of an error is red."""
    entry = Entry(AT, "fallback.service", "words", priority)
    assert f"{tone}" in line_of(entry, (MAIN_CHANNEL,)).partition("program")[2]


def test_the_units_of_a_channel_are_named_one_by_one_and_by_pattern() -> None:
    """Those that are configured by name: they may be new. Those of the past by pattern."""
    main, es = units_of(MAIN, ("twitch",)), units_of(ES, ("twitch",))
    assert {
        "ffmpeg-relay@twitch.service",
        "ffmpeg-relay@*.service",
        "live@*.service",
        "live@main.service",
    } < {*main}
    assert {"ffmpeg-relay@es.twitch.service", "live@es.service", "restream@es.target"} < {*es}
    assert {"restream-agent.service", "restream-fallback-convert@*.service"} < {*main} & {*es}
    assert "fallback.service" not in es
