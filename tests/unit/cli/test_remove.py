"""`restream-agent remove`: shows what goes, asks on a terminal, and refuses where nobody can be asked."""

from pathlib import Path

import pytest

from tests.unit.house.stocked import run, stock

TOML = """\
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
"""
RELAY = "etc/systemd/system/ffmpeg-relay@twitch.service.d/10-restream.conf"


def stocked(root: Path) -> Path:
    """Apply below a root."""
    place = stock(root, TOML)
    assert run("apply", "--root", root).exit_code == 0
    return place


def test_without_a_terminal_nothing_is_removed(tmp_path: Path) -> None:
    """The list is shown, and the option that removes it; exit code 1."""
    stocked(tmp_path)
    done = run("remove", "--root", tmp_path)
    assert (done.exit_code, (tmp_path / RELAY).exists()) == (1, True)
    assert f"/{RELAY}\n" in done.stdout
    assert "nobody can be asked here; nothing was removed\n  --yes removes it without asking" in done.stderr


def test_yes_removes_what_was_shown(tmp_path: Path) -> None:
    """TOML and keys stay, and where they are is said."""
    place = stocked(tmp_path)
    done = run("remove", "--yes", "--root", tmp_path)
    assert (done.exit_code, (tmp_path / RELAY).exists(), place.exists()) == (0, False, True)
    assert "TOML, keys and videos stay in /etc/restream-agent; --purge takes them, too" in done.stdout
    assert done.stdout.endswith("removed\n")


def test_as_part_of_a_package_it_names_the_command_of_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`apt purge` removes first, so the line comes then, too."""
    monkeypatch.setenv("DPKG_MAINTSCRIPT_PACKAGE", "restream-agent")
    stocked(tmp_path)
    done = run("remove", "--yes", "--root", tmp_path)
    assert "TOML, keys and videos stay in /etc/restream-agent; apt purge takes them, too" in done.stdout


def test_purge_shows_and_removes_the_toml_too(tmp_path: Path) -> None:
    """Its directory is in the list."""
    place = stocked(tmp_path)
    done = run("remove", "--purge", "--yes", "--root", tmp_path)
    assert (done.exit_code, place.parent.exists()) == (0, False)
    assert "\n    /etc/restream-agent\n" in done.stdout


def test_where_nothing_was_applied_it_says_so(tmp_path: Path) -> None:
    """Exit code 0, for scripts that remove in any case."""
    assert run("remove", "--root", tmp_path).stdout == "nothing that apply has made is here\n"
    stock(tmp_path, TOML)
    done = run("remove", "--root", tmp_path)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "nothing that apply has made is here")
    assert "--purge takes them, too" in done.stdout
