"""What examples/gitops gives to a user's repository: its check works without a machine and without keys."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from restream_agent.cli.main import main
from tests.unit.deploy.commits import Author

PROJECT = Path(__file__).resolve().parents[3]
GITOPS = PROJECT / "examples" / "gitops"
YOURS = sorted((GITOPS / "your-repository").iterdir())
COMMAND = "restream-agent check --strict --elsewhere --config restream.toml --policy policy.toml"
FULL = PROJECT / "examples" / "full.toml"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Author:
    """Make a repository with a TOML of every key and its policy; it is the working directory."""
    author = Author(tmp_path)
    shutil.copy(FULL, author.work / "restream.toml")
    shutil.copy(GITOPS / "policy.toml", author.work / "policy.toml")
    monkeypatch.chdir(author.work)
    return author


@pytest.mark.parametrize("file", YOURS, ids=lambda file: file.name)
def test_each_has_the_command_of_the_page(file: Path) -> None:
    """One command, everywhere."""
    assert len(re.findall(re.escape(COMMAND) + "$", file.read_text(), re.MULTILINE)) == 1
    assert f"    {COMMAND}\n" in (PROJECT / "docs" / "gitops.md").read_text()
    assert not re.search(r"(pypi|npmjs|docker\.io|ghcr\.io)", file.read_text())


def test_the_command_needs_neither_keys_nor_videos(checkout: Author) -> None:
    """And fails for a mistake, for what the policy does not open, and for a warning."""
    assert checkout.work.is_dir()
    toml = Path("restream.toml")
    good = toml.read_text()

    def code() -> int:
        return CliRunner().invoke(main, COMMAND.split()[1:]).exit_code

    assert code() == 0
    for old, new in (
        ('server = "srs"', 'server = "srz"'),
        ("/usr/local/bin/tell-me", "/bin/sh"),
        ('key = { credential = "twitch" }', 'key = "in-the-clear-and-long"'),
    ):
        assert old in good
        toml.write_text(good.replace(old, new))
        assert code() == 78, new


def test_the_hook_of_git_stops_a_broken_commit(checkout: Author) -> None:
    """A good one passes."""
    hook = checkout.work / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    shutil.copy(GITOPS / "your-repository" / "pre-commit", hook)
    assert os.access(hook, os.X_OK)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    argv = ("git", "-C", str(checkout.work), "-c", "user.name=A", "-c", "user.email=a@example.org")

    def commit() -> subprocess.CompletedProcess[str]:
        checkout.git("add", "--all")
        return subprocess.run(
            (*argv, "commit", "-q", "-m", "x"),
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    assert commit().returncode == 0
    toml = checkout.work / "restream.toml"
    toml.write_text(toml.read_text().replace('server = "srs"', 'server = "srz"'))
    broken = commit()
    assert broken.returncode != 0
    assert "restream.toml:" in broken.stderr
    assert "ingest.server" in broken.stderr
