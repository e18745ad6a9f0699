"""The command `apply`: its options, what goes to which stream, and nothing twice."""

from collections import Counter
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.deploy import take_back
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
