"""What ffmpeg says of a platform that refuses the connection and redirects."""

import subprocess

import pytest

from restream_agent.launchers.relay_attempt import REFUSED
from tests.unit.launchers.refusing_platform import ELSEWHERE, REDIRECT, command, platform

pytestmark = pytest.mark.media

SOURCE = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=25:duration=1", "-c:v", "flv1")


def test_ffmpeg_logs_the_refusal_and_not_the_address() -> None:
    """Hence a relay asks for the address itself (launchers/redirect.py); ours may go once ffmpeg does."""
    with platform(command("_error", 1.0, None, REDIRECT), []) as url:
        argv = ("ffmpeg", "-nostdin", "-loglevel", "warning", *SOURCE, "-f", "flv", f"{url}/key")
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert REFUSED in done.stderr
    assert ELSEWHERE not in done.stderr
