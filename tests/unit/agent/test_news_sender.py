"""News on its way out: the log, the notifier's socket, and what is kept for the next agent."""

import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from restream_agent.agent.news_sender import NewsSender
from restream_agent.agent.situation import Situation
from restream_agent.agent.status import Status
from restream_agent.systemd.channels import Channel
from restream_agent.wire.news import News, NewsKind
from tests.unit.agent.reports import program

OFF_AIR = Status(situation=Situation(now=0.0), publisher=None, relays=())
LIVE = replace(OFF_AIR, situation=Situation(now=0.0, is_on_air=True), program=program(source="live"))
FALLBACK = replace(LIVE, program=program(source="fallback", cause="drop"))


@pytest.fixture
def notifier(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "notify.sock"))
        one.settimeout(20)
        yield one


def telling(directory: Path, *, has_notifier: bool = True) -> NewsSender:
    return NewsSender(directory, Channel(), has_notifier=has_notifier, address=str(directory / "notify.sock"))


def test_an_event_reaches_the_notifier(tmp_path: Path, notifier: socket.socket) -> None:
    """As one datagram, with the time of day."""
    telling(tmp_path).look(LIVE)
    datagram = notifier.recv(4096)
    event = json.loads(datagram)
    assert News.read(datagram) == News(NewsKind.ON_AIR, None, event["at"], "on air: live")
    assert event.pop("at") > 1.7e9
    assert event == {"event": "on_air", "platform": None, "text": "on air: live"}


def test_a_restarted_agent_goes_on_from_what_was_told(tmp_path: Path, notifier: socket.socket) -> None:
    """What changed while none ran is news, what did not is not."""
    telling(tmp_path).look(LIVE)
    telling(tmp_path).look(LIVE)
    telling(tmp_path).look(FALLBACK)
    assert [json.loads(notifier.recv(4096))["event"] for _ in range(2)] == ["on_air", "fallback"]


def test_nobody_there_is_logged_and_no_reason_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The broadcast goes before the news of it."""
    with caplog.at_level(logging.INFO, logger="restream_agent"):
        telling(tmp_path).look(LIVE)
    assert caplog.messages[0] == "on air: live"
    assert "not told: on air: live" in caplog.messages[1]


def test_without_a_notifier_only_the_log_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No socket is looked for."""
    with caplog.at_level(logging.INFO, logger="restream_agent"):
        telling(tmp_path, has_notifier=False).look(LIVE)
    assert caplog.messages == ["on air: live"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"state": 1, "failing": 2, "refused": 3}'])
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    """The news is told once more."""
    (tmp_path / "told.json").write_text(content)
    telling(tmp_path, has_notifier=False).look(LIVE)
    assert json.loads((tmp_path / "told.json").read_text())["state"] == "live"
