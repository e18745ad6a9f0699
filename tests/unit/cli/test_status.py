"""The command `status`: colours, codes, and what goes together."""

import json
import re
import socket
import threading
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from click.testing import CliRunner

from restream_agent.base.errors import RestreamError
from restream_agent.cli import status_view
from restream_agent.cli.main import main
from restream_agent.cli.status_exit import StatusExit
from restream_agent.wire.status_report import PublisherStatus, StatusReport
from tests.unit.cli.test_channel_view import answer
from tests.unit.cli.test_status_view import RELAY, UNKNOWN, status, table

LIVE = status(twitch=RELAY)
OFF_AIR = replace(LIVE, state="off air", live=None)


OPERATIONS = Path(__file__).resolve().parents[3] / "docs/operations.md"


def test_the_example_in_the_documents_is_what_status_prints() -> None:
    """At half past five in the afternoon."""
    assert LIVE.live is not None
    relay = replace(RELAY, bitrate=5.9e6, frame_rate=60.0, age=9000.0)
    refused = replace(UNKNOWN, state="refusing", failures=4, next_try=7.2, credential="kick")
    report = replace(
        LIVE,
        since=900.0,
        on_air_for=9000.0,
        publisher=PublisherStatus("main", "203.0.113.7"),
        config="refused",
        config_words='restream.toml:12:1: fallback.holdd: is not a known key (did you mean "hold"?)',
        live=replace(
            LIVE.live, width=1920, height=1080, frame_rate=60.0, bitrate=6_000_000, video_codec="h264",
            audio_codec="aac",
        ),
        relays={
            "twitch": relay, "youtube": replace(relay, age=840.0, delay=0.6, restarts=1), "kick": refused
        },
    )  # fmt: skip
    example = indent(f"$ restream-agent status\n{table(report)}\n", "    ")
    assert example in OPERATIONS.read_text()


def test_every_code_is_in_the_documents() -> None:
    """In the help and on the page, in the same order."""
    page = OPERATIONS.read_text().partition("| code |")[2].partition("\n\n")[0]
    documented = re.findall(r"^\| ([0-9]) \|", page, re.MULTILINE)
    helped = re.findall(r"^  ([0-9])  ", CliRunner().invoke(main, ["status", "--help"]).stdout, re.MULTILINE)
    assert documented == helped
    assert {int(code) for code in helped} == {*map(int, StatusExit), 1}


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that says what the agent answers."""
    monkeypatch.delenv("NO_COLOR", raising=False)

    def answers(report: StatusReport, **others: StatusReport) -> None:
        monkeypatch.setattr(status_view, "fetch", lambda: answer(report, **others))

    return answers


def test_a_pipe_gets_no_colours(agent: Any) -> None:
    """Words alone."""
    agent(LIVE)
    shown = CliRunner().invoke(main, ["status"])
    assert (shown.exit_code, shown.stdout.startswith("LIVE for 5s\n"), "\x1b" in shown.stdout) == (
        0,
        True,
        False,
    )


@pytest.mark.parametrize(("value", "has_colour"), [(None, True), ("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_no_color_is_set(
    agent: Any, value: str | None, monkeypatch: pytest.MonkeyPatch, has_colour: bool
) -> None:
    """By no-color.org, an empty variable is none."""
    agent(LIVE)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    shown = CliRunner().invoke(main, ["status"], color=True)
    assert ("\x1b[32m" in shown.stdout) == has_colour


def test_the_code_is_given_only_when_it_is_asked_for(agent: Any) -> None:
    """The words are the same."""
    agent(OFF_AIR)
    plain = CliRunner().invoke(main, ["status"])
    coded = CliRunner().invoke(main, ["status", "--exit-code"])
    assert (plain.exit_code, coded.exit_code, coded.stdout) == (0, 3, plain.stdout)
    as_json = CliRunner().invoke(main, ["status", "--exit-code", "--json"])
    assert (as_json.exit_code, json.loads(as_json.stdout)["state"]) == (3, "off air")


def test_the_code_is_about_the_channels_that_are_shown(agent: Any) -> None:
    """The named one; without a name all of them, but a main without platforms only if it is on air."""
    agent(replace(OFF_AIR, relays={}), es=LIVE, en=OFF_AIR)
    codes = [
        CliRunner().invoke(main, ["status", "--exit-code", *channel]).exit_code
        for channel in (["es"], ["en"], ["main"], [])
    ]
    assert codes == [0, 3, 3, 3]
    agent(replace(OFF_AIR, relays={}), es=LIVE)
    assert CliRunner().invoke(main, ["status", "--exit-code"]).exit_code == 0


def test_no_answer_is_the_code_of_every_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """1, with words on stderr."""

    def silent() -> dict[str, Any]:
        raise RestreamError("the agent does not answer")

    monkeypatch.setattr(status_view, "fetch", silent)
    shown = CliRunner().invoke(main, ["status", "--exit-code"])
    assert (shown.exit_code, shown.stdout, shown.stderr) == (
        1,
        "",
        "restream-agent: the agent does not answer\n",
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "--watch needs a terminal; programs read --json"),
        (("--json",), "--watch goes with neither --json nor --exit-code"),
        (("--exit-code",), "--watch goes with neither --json nor --exit-code"),
    ],
)
def test_a_watch_is_for_people(agent: Any, more: tuple[str, ...], words: str) -> None:
    """Anything else is wrong usage."""
    agent(LIVE)
    shown = CliRunner().invoke(main, ["status", "--watch", *more])
    assert (shown.exit_code, words in shown.stderr) == (2, True)


@pytest.mark.parametrize("words", [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"220 mail\r\n", b""])
def test_an_answer_that_is_cut_or_of_another_program_is_no_traceback(
    words: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent may be killed while it answers; on-air and off-air go on without it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(status_view, "HOOKS", f"127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setattr(status_view, "require_applied", lambda: None)

        def answer_once() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(words)

        thread = threading.Thread(target=answer_once)
        thread.start()
        with pytest.raises(RestreamError, match="the agent does not answer"):
            status_view.fetch()
        thread.join()
