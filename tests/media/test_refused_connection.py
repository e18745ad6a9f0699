"""What ffmpeg says of a platform that it does not reach, or that refuses it."""

import socket
import subprocess
import threading

import pytest

from restream_agent.wire.attempt_causes import cause_of
from tests.unit.launchers.refusing_platform import ELSEWHERE, REDIRECT, command, platform

pytestmark = pytest.mark.media

SOURCE = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=25:duration=1", "-c:v", "flv1")


def log_of(url: str) -> str:
    """Return what ffmpeg logs when it cannot publish to a URL."""
    argv = ("ffmpeg", "-nostdin", "-loglevel", "warning", *SOURCE, "-f", "flv", f"{url}/key")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    return done.stderr


def told(log: str) -> str:
    """Return the cause that a relay's next attempt tells."""
    cause = ""
    for line in log.splitlines():
        cause = cause_of(line, cause)
    return cause


def test_ffmpeg_logs_the_refusal_and_not_the_address() -> None:
    """Hence a relay asks for the address itself (launchers/redirect.py); ours may go once ffmpeg does."""
    with platform(command("_error", 1.0, None, REDIRECT), []) as url:
        log = log_of(url)
    assert told(log) == "refused"
    assert ELSEWHERE not in log


def test_a_name_that_does_not_resolve_is_told() -> None:
    """A name that RFC 6761 keeps free of answers."""
    assert told(log_of("rtmp://no-such.invalid/app")) == "unresolved"


def test_a_port_on_which_nothing_listens_is_told() -> None:
    """A port of this machine that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert told(log_of(f"rtmp://127.0.0.1:{port}/app")) == "closed-port"


def test_a_host_that_speaks_no_rtmp_is_told() -> None:
    """It hangs up at the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        other = threading.Thread(target=hang_up)
        other.start()
        assert told(log_of(f"rtmp://127.0.0.1:{server.getsockname()[1]}/app")) == "no-rtmp"
        other.join()


def test_a_platform_that_hangs_up_after_the_connection_has_ended_it() -> None:
    """As platforms do with a wrong key: ffmpeg knows no more than that it is over."""
    with platform(command("_result", 1.0, None, {"code": "NetConnection.Connect.Success"}), []) as url:
        assert told(log_of(url)) == "ended"
