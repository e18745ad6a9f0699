"""A platform that refuses a connection is asked where it sends its clients."""

import socket

import pytest

from restream_agent.launchers.redirect import ask, target
from restream_agent.rtmp import amf0
from tests.unit.launchers.refusing_platform import ELSEWHERE, REDIRECT, command, platform


def test_the_address_is_in_the_answer_to_connect() -> None:
    """The platform hears what ffmpeg says, application and URL, and no key."""
    heard = list[bytes]()
    with platform(command("_error", 1.0, None, REDIRECT), heard) as url:
        assert ask(url, "app", ()) == ELSEWHERE
    name, _, told = amf0.decode(heard[0])
    assert (name, told) == ("connect", {"app": "app", "type": "nonprivate", "tcUrl": url})


@pytest.mark.parametrize(
    "answer",
    [
        command("_result", 1.0, None, {"code": "NetConnection.Connect.Success"}),
        command("_error", 1.0, None, {**REDIRECT, "ex": {"code": 403.0, "redirect": ELSEWHERE}}),
        command("_error", 1.0, None, {**REDIRECT, "ex": {"code": 302.0}}),
        command("_error", 1.0, None, {**REDIRECT, "ex": "302"}),
        command("_error", 1.0),
        command("_error", 1.0, None),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_another_answer_is_no_redirect(answer: bytes) -> None:
    """Nor is one that is not RTMP."""
    with platform(answer, []) as url:
        assert ask(url, "app", ()) == ""


def test_a_platform_that_is_not_there_is_no_redirect() -> None:
    """The attempt goes on without an answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert ask(f"rtmp://127.0.0.1:{port}/app", "app", ()) == ""


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtmp://h/app/k3y-of-obs", "rtmp://h/app/…"),
        ("rtmp://h/k3y-of-obs", "rtmp://h/…"),
        ("rtmp://h/app?key=k3y-of-obs", "rtmp://h/app"),
        ("rtmp://h/app and more\n", "rtmp://h/app"),
        ("not an address", ""),
    ],
)
def test_no_secret_is_shown(address: str, shown: str) -> None:
    """Of an address with a key the rest is shown."""
    details: dict[str, amf0.Value] = {"code": 302.0, "redirect": address}
    with platform(command("_error", 1.0, None, {**REDIRECT, "ex": details}), []) as url:
        assert ask(url, "app", ("k3y-of-obs",)) == shown


def test_only_a_refusal_is_read() -> None:
    """Whatever else has the shape of a redirect."""
    assert target(["_error", 1.0, None, REDIRECT]) == ELSEWHERE
    assert target(["onStatus", 1.0, None, REDIRECT]) == ""
