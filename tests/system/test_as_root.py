"""Facts that only root can test, on this machine and without a container."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from restream_agent.base import files
from restream_agent.base.file_tree import File
from tests.lab.boot import PRIVATE

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it gives files away and mounts an empty /run"),
]

# sd_booted(3): systemd is PID 1 where /run/systemd/system exists.
WITHOUT_SYSTEMD = 'shift; mount -t tmpfs tmpfs /run; exec "$@"'


def test_a_file_is_given_its_group(tmp_path: Path) -> None:
    """It belongs to root, and to the group by name."""
    files.write(tmp_path, "/a", File("", group="daemon"))
    assert ((tmp_path / "a").stat().st_uid, (tmp_path / "a").group()) == (0, "daemon")


@pytest.mark.parametrize("command", [("apply",), ("on-air",), ("off-air",), ("fallback", "on")], ids=" ".join)
def test_without_systemd_nothing_is_started(command: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 1 and a hint at --root; the command runs in a process of its own with an empty /run."""
    unshare = ("unshare", "--mount", "--propagation", "unchanged", "sh", "-euc")
    python = (sys.executable, "-m", "restream_agent")
    done = subprocess.run(
        (*unshare, PRIVATE, "private", WITHOUT_SYSTEMD, str(tmp_path), *python, *command),
        timeout=30,
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "systemd is not running here" in done.stderr
    assert "--root DIR" in done.stderr
    assert "Traceback" not in done.stderr
