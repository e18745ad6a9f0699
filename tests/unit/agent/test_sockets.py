"""The sockets that systemd passes, by kind and by the names that it gives them."""

import socket
from collections.abc import Iterator

import pytest

from restream_agent.agent import sockets
from restream_agent.agent.sockets import take_sockets
from restream_agent.base.errors import RestreamError

Passed = list[tuple[str, socket.socket]]


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Passed]:
    """Return the list of what systemd passes: at first the sockets of restream-agent.socket."""
    kinds = [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_DGRAM)]
    kinds.append((socket.AF_INET, socket.SOCK_DGRAM))
    all_of_them = [("restream-agent.socket", socket.socket(*kind)) for kind in kinds]
    monkeypatch.setattr(sockets, "inherited", lambda: all_of_them)
    yield all_of_them
    for _, each in all_of_them:
        each.close()


def report(passed: Passed, channel: str) -> socket.socket:
    """Pass the socket of a channel too."""
    passed.append((f"report-{channel}", socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)))
    return passed[-1][1]


def test_each_channel_has_the_socket_of_its_name(passed: Passed) -> None:
    """In any order; that of restream-agent.socket is main's."""
    es, en = report(passed, "es"), report(passed, "en")
    main = passed[1][1]
    passed.reverse()
    taken = take_sockets(("en", "es"))
    assert taken.programs == {"main": main, "es": es, "en": en}
    assert not any(each.getblocking() for _, each in passed)


def test_the_socket_of_a_removed_channel_is_closed(passed: Passed) -> None:
    """systemd passes it as long as its unit is there."""
    gone = report(passed, "gone")
    assert set(take_sockets().programs) == {"main"}
    assert gone.fileno() == -1


def test_a_missing_socket_of_one_channel_is_no_end_of_the_others(
    passed: Passed, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names its unit."""
    assert set(take_sockets(("es",)).programs) == {"main"}
    assert "restream-report@es.socket" in caplog.text


def test_main_s_sockets_have_to_be_there(passed: Passed) -> None:
    """Without them the agent was started by hand."""
    report(passed, "es")
    passed.pop(1)[1].close()
    with pytest.raises(RestreamError, match="did not pass"):
        take_sockets(("es",))
