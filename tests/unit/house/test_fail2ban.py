"""The example for fail2ban bans the senders of wrong keys and of none, and no other address."""

import logging
import shutil
import subprocess
from pathlib import Path

import pytest

from restream_agent.agent.credentials import HookCredentials
from tests.unit.agent.test_http import KEY, TOKEN, FakeAgent, HookClient

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/fail2ban"
SYSTEM = Path("/etc/fail2ban")

pytestmark = pytest.mark.skipif(not SYSTEM.exists(), reason="fail2ban is not installed")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Copy this machine's configuration of fail2ban, with the example as its only jail."""
    directory = tmp_path / "fail2ban"
    shutil.copytree(SYSTEM, directory, symlinks=True)
    shutil.rmtree(directory / "jail.d")
    shutil.copytree(EXAMPLE, directory, dirs_exist_ok=True)
    return directory


def log_of(caplog: pytest.LogCaptureFixture, **hook: str) -> str:
    """Return the listener's log lines for a hook, in the form in which fail2ban reads the journal."""
    body = {"action": "on_publish", "client_id": "1", "app": "live", "stream": "main", **hook}
    with caplog.at_level(logging.INFO):
        HookClient(FakeAgent(), HookCredentials(TOKEN, KEY)).request(
            "POST", f"/api/on_publish?token={TOKEN}", json=body
        )
    lines = [f"Nov 23 06:28:42 host restream-agent[228]: {one.getMessage()}\n" for one in caplog.records]
    caplog.clear()
    return "".join(lines)


def test_the_filter_finds_wrong_keys(config: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The listener's real lines match for IPv4 and IPv6; lines of other refusals do not."""
    log = tmp_path / "log"
    log.write_text(
        log_of(caplog, ip="203.0.113.7")
        + log_of(caplog, ip="2001:db8::7", param="?key=wrong")
        + log_of(caplog, ip="203.0.113.8", param=f"?key={KEY}", stream="a b")
        + log_of(caplog, ip="203.0.113.9", action="on_play")
    )
    argv = ("fail2ban-regex", "-c", str(config), "-o", "<ip>", str(log), "restream-agent")
    done = subprocess.run(argv, timeout=60, check=False, capture_output=True, text=True)
    assert done.stdout.split() == ["203.0.113.7", "2001:db8::7"], done.stderr


def test_the_jail_is_one(config: Path) -> None:
    """fail2ban's own test accepts the configuration."""
    argv = ("fail2ban-client", "-c", str(config), "-t")
    done = subprocess.run(argv, timeout=60, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
