"""Programs that systemd runs for a moment, with a systemd-run and a systemctl of our own on the PATH."""

import subprocess
from pathlib import Path

import pytest

from restream_agent.base.errors import CommandError
from restream_agent.systemd import transient
from restream_agent.systemd.transient import run_confined


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put both programs in place; return the file to which they write their arguments."""
    calls = tmp_path / "calls"
    for name in ("systemd-run", "systemctl"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {calls}\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return calls


def test_it_has_its_sandbox_its_limit_and_its_name(calls: Path) -> None:
    """The program's own arguments come last."""
    run_confined(("/bin/x", "-y"), timeout=35.0, properties=("PrivateTmp=yes",), unit="trial.service")
    assert calls.read_text() == (
        "systemd-run --quiet --wait --pipe --collect --unit=trial.service --property PrivateTmp=yes "
        "--property DynamicUser=yes --property RuntimeMaxSec=35s -- /bin/x -y\n"
    )


def test_ctrl_c_stops_what_has_a_name(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd would go on: a test of a platform would send on."""

    def interrupted(argv: tuple[str, ...], **_: object) -> object:
        if argv[0] == "systemd-run":
            raise KeyboardInterrupt
        return subprocess.run(argv, check=True)

    monkeypatch.setattr(transient, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_confined(("/bin/x",), timeout=1.0, unit="trial.service")
    assert calls.read_text() == "systemctl stop -- trial.service\n"


def test_a_failure_has_the_name_of_the_program(calls: Path) -> None:
    """Nobody has typed systemd-run."""
    (calls.parent / "systemd-run").write_text("#!/bin/sh\necho wrong >&2; exit 3\n")
    with pytest.raises(CommandError) as failed:
        run_confined(("/bin/x",), timeout=1.0)
    assert failed.value.message == "/bin/x: failed with exit status 3\nwrong"
