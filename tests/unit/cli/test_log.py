"""The command `log`, with a journalctl and a systemctl of our own on the PATH."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from restream_agent.base import paths
from restream_agent.cli import chosen, journal_view
from restream_agent.cli.main import main
from restream_agent.systemd import systemctl
from restream_agent.systemd.channels import Channel

ENTRIES: tuple[dict[str, Any], ...] = (
    {
        "_SYSTEMD_UNIT": "init.scope",
        "UNIT": "restream.target",
        "MESSAGE_ID": "39f53479d3a045ac8e11786248231fbf",
    },
    {"_SYSTEMD_UNIT": "fallback.service", "MESSAGE": "live: connected"},
    {"_SYSTEMD_UNIT": "ffmpeg-relay@es.twitch.service", "MESSAGE": "of another channel"},
    {"_SYSTEMD_UNIT": "ffmpeg-relay@twitch.service", "MESSAGE": "Broken pipe", "PRIORITY": "3"},
)

Machine = Callable[..., Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a function that puts the programs in place; it returns the file with journalctl's arguments."""
    settings, arguments = tmp_path / "agent.json", tmp_path / "arguments"
    settings.touch()
    monkeypatch.setattr(paths, "AGENT_SETTINGS", str(settings))
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    monkeypatch.setattr(
        chosen, "installed", lambda *_: {"main": Channel(others=frozenset({"es"})), "es": Channel("es")}
    )
    monkeypatch.setattr(chosen, "relays", lambda *_: ("twitch",))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def place(journal: str = "", began: str = "") -> Path:
        lines = [json.dumps({"__REALTIME_TIMESTAMP": "1764174784000000", **entry}) for entry in ENTRIES]
        (tmp_path / "lines").write_text("".join(f"{line}\n" for line in lines))
        script(
            tmp_path / "journalctl",
            f'printf "%s\\n" "$@" > {arguments}\n' + (journal or f"cat {tmp_path}/lines"),
        )
        script(tmp_path / "systemctl", f'printf "%s" "{began}"')
        return arguments

    return place


def script(place: Path, text: str) -> None:
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)


def log(*arguments: str) -> Result:
    """Run the command; any exception but an exit would be a traceback for the user."""
    done = CliRunner().invoke(main, ["log", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def words(done: Result) -> list[str]:
    """Return the lines without their times."""
    return [line[len("Nov 26 17:33:04  ") :] for line in done.stdout.splitlines()]


def test_the_journals_become_one_time_line(machine: Machine) -> None:
    """In columns; what is about another channel is left out."""
    machine()
    assert words(log("main")) == [
        "broadcast     ON AIR",
        "program       live: connected",
        "relay twitch  Broken pipe",
    ]
    assert words(log("es")) == ["relay twitch  of another channel"]


def test_of_all_channels_each_line_has_its_channel(machine: Machine) -> None:
    """In front of the writer."""
    machine()
    assert words(log("--all")) == [
        "main: broadcast     ON AIR",
        "main: program       live: connected",
        "es: relay twitch    of another channel",
        "main: relay twitch  Broken pipe",
    ]


def test_it_begins_with_the_broadcast(machine: Machine) -> None:
    """A little before: what has led to it."""
    began = "Id=restream.target\nActiveState=active\nActiveEnterTimestampMonotonic=1000000\n"
    arguments = machine(began=began)
    log("main")
    asked = arguments.read_text().splitlines()
    assert any(argument.startswith("--since=@") for argument in asked)
    assert not any(argument.startswith("--lines") for argument in asked)


def test_without_a_broadcast_it_shows_the_newest_entries(machine: Machine) -> None:
    """Since the machine started, nothing was on air."""
    arguments = machine()
    log("main")
    asked = arguments.read_text().splitlines()
    assert "--lines=100" in asked
    assert not any(argument.startswith("--since") for argument in asked)


def test_it_follows_from_the_time_that_is_asked_for(machine: Machine) -> None:
    """journalctl's own notation is passed on."""
    arguments = machine()
    log("main", "--follow", "--since", "yesterday")
    asked = arguments.read_text().splitlines()
    assert {"--follow", "--lines=all", "--since=yesterday"} < {*asked}


@pytest.mark.parametrize(("since", "time"), [("1h", "@6400"), ("1min 30s", "@9910"), ("18:00", "18:00")])
def test_a_span_is_that_long_ago(since: str, time: str) -> None:
    """As with docker and kubectl."""
    assert journal_view.time_of(since, 10_000.0) == time


def test_a_time_that_is_none_is_an_error_that_shows_some(machine: Machine) -> None:
    """Not journalctl's whole command line."""
    machine('echo "Failed to parse timestamp: soon" >&2; exit 1')
    done = log("main", "--since", "soon")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        'restream-agent: soon is not a time\n  write it as "1h", "18:00", "2026-11-26 18:00" or "yesterday"\n'
    )


def test_a_user_without_rights_is_told_so(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """journalctl itself shows the user's own journal, which has nothing of this; with most of its outputs it
    leaves the hint out."""
    machine('case "$*" in *output*) ;; *) echo "Hint: You are currently not seeing messages from" >&2;; esac')
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = log("main")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "use sudo, or join the group systemd-journal" in done.stderr
