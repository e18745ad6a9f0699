"""What doctor sees of the machine that runs the tests, whatever it is: facts, and never an error."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from restream_agent.base import process
from restream_agent.base.errors import CommandError
from restream_agent.deploy import machine_look
from restream_agent.systemd import systemctl


def answer(monkeypatch: pytest.MonkeyPatch, text: str, *, errors: str = "") -> None:
    """Have each program answer with a text."""

    def run(argv: tuple[str, ...], **_: object) -> process.Finished:
        return process.Finished(argv, 0, text, errors)

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(machine_look, "run_confined", run)


def fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each program be missing."""

    def run(argv: tuple[str, ...], **_: object) -> process.Finished:
        raise CommandError(argv, "is not installed")

    monkeypatch.setattr(process, "run", run)


def test_process_1_and_the_version_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line of systemctl --version."""
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    answer(monkeypatch, "systemd 257 (257.8-1~deb13u2)\n+PAM +AUDIT\n")
    seen = machine_look.look_at_systemd()
    assert (seen.process, seen.has_booted, seen.version) == (
        Path("/proc/1/comm").read_text().strip(),
        True,
        257,
    )


def test_a_machine_without_systemd_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked."""
    monkeypatch.setattr(systemctl, "is_running", lambda: False)
    fail(monkeypatch)
    assert (machine_look.look_at_systemd().has_booted, machine_look.look_at_systemd().version) == (False, 0)


def test_the_clock_is_seen_with_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """As timedatectl shows it."""
    answer(monkeypatch, "Timezone=Etc/UTC\nNTP=no\nNTPSynchronized=yes\n")
    seen = machine_look.look_at_clock()
    assert (seen.is_synchronised, seen.is_service_on) == (True, False)
    assert abs(seen.now.timestamp() - datetime.now(UTC).timestamp()) < 60
    assert seen.installed < seen.now


def test_without_timedatectl_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is no error."""
    fail(monkeypatch)
    seen = machine_look.look_at_clock()
    assert (seen.is_synchronised, seen.is_service_on) == (None, None)


def test_each_file_system_is_seen_once(tmp_path: Path) -> None:
    """Of a place that is missing, what is above it."""
    missing = tmp_path / "none/deep"
    (seen,) = machine_look.look_at_disks((str(missing), str(tmp_path)))
    room = os.statvfs(tmp_path)
    assert (seen.place, seen.size) == (str(tmp_path), room.f_blocks * room.f_frsize)
    assert 0 <= seen.free <= seen.size


def test_a_file_system_without_a_number_of_files_has_no_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As btrfs, which says 0."""
    values = list(os.statvfs(tmp_path))
    values[5:8] = [0, 0, 0]  # f_files, f_ffree, f_favail
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(values))
    (seen,) = machine_look.look_at_disks((str(tmp_path),))
    assert seen.free_files is None


def test_a_font_is_seen_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the letters that it lacks, as fontconfig says."""
    font = tmp_path / "Some.ttf"
    font.touch()
    answer(monkeypatch, f"{font}\n20-7e")
    seen = machine_look.look_at_font("Back soon 日")
    assert (seen.font, seen.missing, seen.is_known) == ("Some.ttf", "日", True)


@pytest.mark.parametrize(
    ("out", "errors", "version"),
    [("", "nginx version: nginx/1.22.1\n", "1.22.1"), ("6.0.157\n", "", "6.0.157"), ("hello\n", "", "")],
)
def test_the_version_of_a_server_is_seen(
    monkeypatch: pytest.MonkeyPatch, out: str, errors: str, version: str
) -> None:
    """nginx writes it to stderr, SRS to stdout."""
    answer(monkeypatch, out, errors=errors)
    assert machine_look.server_version("/usr/sbin/nginx") == version
