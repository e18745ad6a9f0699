"""What stands in apt's way, in words. The errors are those of apt 2.6 on Debian 12."""

from pathlib import Path

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.deploy import apt
from restream_agent.deploy.apt import run_apt
from restream_agent.deploy.server_change import UPDATE

INSTALL = ("apt-get", "install", "nginx")
LOCKED = (
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)\n"
    "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?"
)


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for apt-get: it writes what is in this file, and fails."""
    words = tmp_path / "words"
    (tmp_path / "apt-get").write_text(
        f"#!/bin/sh\necho 'Reading package lists...'\ncat {words} >&2\nexit 100\n"
    )
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return words


def told(_: str) -> None:
    """Say nothing."""


def test_a_lock_names_its_holder(says: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new server installs updates in its first minutes."""
    monkeypatch.setattr(apt, "_LOCK_SECONDS", 0.0)
    says.write_text(f"{LOCKED}\n")
    for command in (INSTALL, UPDATE):
        with pytest.raises(RestreamError) as caught:
            run_apt(command, told)
        assert caught.value.message == (
            "another program is installing packages (unattended-upgr, process 4711); nothing was installed"
        )
        assert caught.value.hint == "wait until it has finished, and try again"


def test_a_lock_is_waited_for(says: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever waits is told for whom."""
    monkeypatch.setattr(apt, "_LOCK_PAUSE", 0.0)
    says.write_text(f"{LOCKED}\n")
    lines: list[str] = []

    def release(line: str) -> None:
        lines.append(line)
        (says.parent / "apt-get").write_text("#!/bin/sh\n")

    assert run_apt(INSTALL, release) == ""
    assert lines == ["wait for another program that is installing packages (unattended-upgr, process 4711)"]


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("E: Unable to locate package nginx", "apt does not know the package", "the main part of Debian"),
        (
            "E: Failed to fetch http://x/a.deb  Temporary failure resolving 'x'\nE: Unable to fetch some",
            "apt cannot fetch the packages",
            "is there a network",
        ),
        ("E: dpkg was interrupted, you must manually run", "an earlier installation", "dpkg --configure -a"),
        (
            "E: Packages need to be removed but remove is disabled.",
            "another package would",
            "is not Debian's",
        ),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "the disk is full", "make room"),
        ("E: Sub-process /usr/bin/dpkg returned an error code (1)", "apt-get has failed", "dpkg --audit"),
    ],
)
def test_each_obstacle_has_words_and_a_remedy(says: Path, words: str, message: str, hint: str) -> None:
    """Beside apt's own, without its chatter."""
    says.write_text(f"{words}\n")
    with pytest.raises(RestreamError) as caught:
        run_apt(INSTALL, told)
    assert caught.value.message.startswith(message)
    assert caught.value.message.endswith(f":\n{words}")
    assert hint in caught.value.hint


def test_a_source_that_cannot_be_read_is_no_reason_to_stop(says: Path) -> None:
    """The packages may come from another one; what it said is told if they do not."""
    says.write_text("E: The repository 'http://x bookworm Release' does not have a Release file.\n")
    assert "does not have a Release file" in run_apt(UPDATE, told)
