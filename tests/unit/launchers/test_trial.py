"""The slate on its way to a platform: key and slate are where ffmpeg reads them; no line has the key."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KEY = "live_hidden_key"


def run(tmp_path: Path, parameter: str, script: str, key: str = KEY) -> subprocess.CompletedProcess[bytes]:
    """Run a script in the place of ffmpeg."""
    for name in ("runtime", "credentials"):
        (tmp_path / name).mkdir()
    (tmp_path / "credentials/key").write_text(f"{key}\n")
    environment = {"RUNTIME_DIRECTORY": "runtime", "CREDENTIALS_DIRECTORY": "credentials"}
    argv = (sys.executable, "-m", "restream_agent.launchers.trial", parameter, "/bin/sh", "-c", script)
    return subprocess.run(
        argv,
        cwd=tmp_path,
        env={**os.environ, **environment, "PYTHONPATH": str(Path.cwd())},
        input=b"FLV\x01slate",
        capture_output=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("key", "parameter", "playpath"),
    [
        (KEY, "", KEY),
        (KEY, "bandwidthtest=true", f"{KEY}?bandwidthtest=true"),
        (f"{KEY}?a=b", "bandwidthtest=true", f"{KEY}?a=b&bandwidthtest=true"),
    ],
)
def test_key_and_slate_are_files_of_its_own(tmp_path: Path, key: str, parameter: str, playpath: str) -> None:
    """Readable for its user alone, and as the platform wants it for a test."""
    done = run(tmp_path, parameter, "exit 3", key)
    preset = tmp_path / "runtime/key.ffpreset"
    assert (done.returncode, preset.stat().st_mode & 0o777) == (3, 0o600)
    assert preset.read_text() == f"rtmp_playpath={playpath}\n"
    assert (tmp_path / "runtime/slate.flv").read_bytes() == b"FLV\x01slate"


def test_no_line_has_the_key(tmp_path: Path) -> None:
    """A platform may quote it."""
    done = run(tmp_path, "", f"echo progress=end; echo 'refused: {KEY}' >&2")
    assert done.stderr.decode().splitlines() == ["trial=begun", "progress=end", "refused: …"]
