"""systemd's protocol of readiness and stored descriptors, with a socket of the test as the manager."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from restream_agent.systemd.passed_sockets import inherited
from restream_agent.systemd.sd_notify import ServiceManager, watchdog_interval

# A ServiceManager lives as long as its process and cannot be closed.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Return the service manager's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.settimeout(20)
        yield end


def test_assignments_of_one_call_are_one_message(manager: socket.socket) -> None:
    """Each is a line; the last line has no line break."""
    ServiceManager(manager.getsockname()).send("READY=1", "STATUS=live")
    assert manager.recv(100) == b"READY=1\nSTATUS=live"


def test_a_stored_descriptor_arrives_with_its_name(manager: socket.socket) -> None:
    """The manager receives the same open socket."""
    ours, theirs = socket.socketpair()
    ServiceManager(manager.getsockname()).store("relay-twitch-1", ours.fileno())
    message, fds, _, _ = socket.recv_fds(manager, 100, 4)
    assert message == b"FDSTORE=1\nFDNAME=relay-twitch-1"
    with socket.socket(fileno=fds[0]) as kept:
        kept.send(b"still here")
    assert theirs.recv(100) == b"still here"
    ours.close()
    theirs.close()


def test_what_is_forgotten_is_named(manager: socket.socket) -> None:
    """FDSTOREREMOVE= closes every descriptor of the name."""
    ServiceManager(manager.getsockname()).forget("relay-twitch-1")
    assert manager.recv(100) == b"FDSTOREREMOVE=1\nFDNAME=relay-twitch-1"


def test_an_at_sign_means_the_abstract_namespace() -> None:
    """See sd_notify(3)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"\0restream-test-{os.getpid()}")
        ServiceManager(f"@restream-test-{os.getpid()}").send("READY=1")
        assert end.recv(100) == b"READY=1"


def test_without_a_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program can also be run by hand."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager().send("READY=1")


@pytest.mark.parametrize(("limit", "interval"), [("2000000", 1.0), (None, None)])
def test_the_watchdog_is_fed_twice_in_its_time(
    monkeypatch: pytest.MonkeyPatch, limit: str | None, interval: float | None
) -> None:
    """WATCHDOG_USEC is in microseconds; without it there is no watchdog."""
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    if limit:
        monkeypatch.setenv("WATCHDOG_USEC", limit)
    assert watchdog_interval() == interval


def test_descriptors_meant_for_another_process_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """LISTEN_PID names the process. The variables are removed, so no child process uses the descriptors."""
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_FDNAMES", "live")
    monkeypatch.setenv("LISTEN_PID", "1")
    assert inherited() == []
    assert not [name for name in os.environ if name.startswith("LISTEN_")]
