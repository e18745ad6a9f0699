"""The command `apply`: its options, what goes to which stream, and nothing twice."""

import os
from collections import Counter
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.deploy import awaited, take_back
from tests.unit.cli.test_main import GOOD, KEY, root, run, toml

__all__ = ["root"]  # a fixture

EDITED = GOOD.replace('preset = "twitch"', 'url = "rtmp://192.0.2.1/app"') + '[fallback]\nhold = "20min"\n'


def test_apply_says_what_changes_in_the_words_of_the_toml(root: Path) -> None:
    """A first apply has nothing to compare with."""
    end = "(33 files, -v lists them, systemd is not asked for anything)\n"
    first = run("apply", "--root", root).stdout
    assert first == f"the first apply on this machine\napplied: 1 platform, srs {end}"
    toml(root, EDITED)
    assert run("apply", "--root", root).stdout.splitlines()[:-1] == ["fallback: hold", "twitch: preset, url"]
    assert run("apply", "--root", root).stdout == "nothing to change\n"


def test_a_dry_run_says_it_and_does_nothing(root: Path) -> None:
    """Its exit code is that of `diff`: 3 for changes, 0 for none."""
    run("apply", "--root", root)
    toml(root, EDITED)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    dry = run("apply", "--dry-run", "--root", root)
    assert before == {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    done = run("apply", "--root", root)
    assert (dry.exit_code, dry.stdout.splitlines()[:-1]) == (3, done.stdout.splitlines()[:-1])
    assert dry.stdout.splitlines()[-1].startswith("dry run, nothing was changed: ")
    again = run("apply", "--dry-run", "--root", root)
    assert (again.exit_code, again.stdout) == (0, "nothing to change\n")


def test_a_dry_run_refuses_what_apply_refuses(root: Path) -> None:
    """With the same words and exit code."""
    (root / "etc/restream-agent/credentials/twitch").unlink()
    dry, done = run("apply", "--dry-run", "--root", root), run("apply", "--root", root)
    assert (dry.exit_code, dry.output) == (done.exit_code, done.output)
    assert dry.exit_code == 78


@pytest.mark.parametrize("command", [("apply", "-v"), ("-v", "apply"), ("-v", "apply", "-v")], ids=" ".join)
def test_the_long_list_names_each_file_once(root: Path, command: tuple[str, ...]) -> None:
    """Before `apply`, -v logs each step to stderr; after it, the steps are listed at the end."""
    run("apply", "--root", root)
    toml(root, EDITED)
    done = run(*command, "--root", root)
    lines = Counter(line for line in done.output.splitlines() if line.startswith(("update ", "create ")))
    assert set(lines.values()) == {1}
    assert "update /etc/restream-agent/agent.json" in lines


def test_a_key_that_is_stored_anew_is_told_and_not_shown(root: Path) -> None:
    """The TOML says the same."""
    run("apply", "--root", root)
    (root / "etc/restream-agent/credentials/twitch").write_text(f"{KEY}2\n")
    done = run("apply", "--root", root)
    assert done.stdout.startswith("twitch: key\napplied: 1 platform, srs (")


def test_warnings_go_to_stderr(root: Path) -> None:
    """A script that reads what apply has done does not get them."""
    toml(root, GOOD.replace('{ credential = "twitch" }', f'"{KEY}"'))
    done = run("apply", "--root", root)
    assert ("warning" in done.stdout, "warning" in done.stderr) == (False, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--confirm", "soon"), "Invalid value for '--confirm'"),
        (("--confirm", "1s"), "must be from 5s to 1d"),
        (("--confirm", "60s", "--dry-run"), "--confirm is for this machine"),
        (("--confirm", "60s", "--root", "/nowhere"), "--confirm is for this machine"),
    ],
)
def test_what_cannot_be_confirmed_is_wrong_usage(options: tuple[str, ...], words: str) -> None:
    """Nothing is changed."""
    done = run("apply", *options)
    assert (done.exit_code, words in done.stderr) == (2, True)


def test_an_edit_that_was_taken_back_is_not_applied_by_itself(root: Path) -> None:
    """The agent's unit says why, and succeeds; an apply by hand applies it."""
    run("apply", "--root", root)
    place = toml(root, EDITED)
    note = root / paths.TAKEN_BACK.lstrip("/")
    note.write_text(take_back.toml_hash(place))
    done = run("apply", "--edited", "--root", root)
    words = f"not applied: {place} says what was taken back"
    assert (done.exit_code, done.stdout.startswith(words)) == (0, True)
    assert run("apply", "--dry-run", "--root", root).exit_code == 3
    assert run("apply", "--root", root).stdout.startswith("fallback: hold\n")
    assert not note.exists()


def test_no_file_is_watched_for_an_edit_that_was_taken_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd would start the apply again and again as long as the file is there."""
    watched = ["key"]
    monkeypatch.setattr(awaited, "forget", lambda _: bool(watched and watched.pop()))
    place = toml(root, EDITED)
    run("apply", "--root", root)
    watched.append("key")
    (root / paths.TAKEN_BACK.lstrip("/")).write_text(take_back.toml_hash(place))
    assert run("apply", "--edited", "--root", root).stdout.startswith("not applied: ")
    assert watched == []


def test_a_file_that_was_missing_is_looked_at_though_the_toml_was_only_touched(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd has started the apply for the file; without one, a touch is no reason for an apply."""
    watched = [False, True, False]
    monkeypatch.setattr(awaited, "forget", lambda _: watched.pop())
    place = toml(root, GOOD)
    run("apply", "--root", root)
    monkeypatch.setenv("NOTIFY_SOCKET", str(root / "nobody"))
    (root / "etc/restream-agent/credentials/twitch").write_text(f"{KEY}2\n")
    os.utime(place, (1, 1))
    assert run("apply", "--edited", "--root", root).stdout.startswith("twitch: key\n")
    os.utime(place, (2, 2))
    assert "nothing to do" in run("apply", "--edited", "--root", root).stdout


def test_a_dry_run_forgets_no_file_that_is_watched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edit that waits for it is not applied yet."""
    forgotten: list[object] = []
    monkeypatch.setattr(awaited, "forget", forgotten.append)
    run("apply", "--dry-run", "--root", root)
    assert forgotten == []


def test_a_file_is_applied_in_place_of_the_toml(root: Path, tmp_path: Path) -> None:
    """With the platforms.d of the machine, which another directory lacks; the TOML stays as it is."""
    place = toml(root, GOOD)
    beside = place.with_name("platforms.d") / "a.toml"
    beside.parent.mkdir()
    beside.write_text(
        '[platforms.late]\nurl = "rtmps://late.example.org/app"\nkey = { credential = "twitch" }\n'
    )
    run("apply", "--root", root)
    copy = tmp_path / "mine.toml"
    copy.write_text(GOOD.replace("platforms.twitch", "platforms.other"))
    assert run("apply", "--root", root, "--dry-run", copy).exit_code == 3
    done = run("apply", "--root", root, copy)
    assert (done.exit_code, "late: removed" in done.stdout) == (0, False)
    assert [run("diff", "--root", root, *given).exit_code for given in ((copy,), ())] == [0, 3]
    assert place.read_text() == GOOD
