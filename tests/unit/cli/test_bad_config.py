"""The corpus of wrong configurations: tests/data/bad/NAME.toml, and beside it what `check` says of it.

UPDATE_GOLDEN=1 writes what it says now; read the diff before it is committed.
"""

import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restream_agent.base import paths
from restream_agent.cli.main import main

BAD = Path(__file__).parents[2] / "data" / "bad"
FILES = sorted(BAD.glob("*.toml"))
KEY = "hidden"
"""Every key in the corpus contains this."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a root for the keys; the corpus is the working directory, so that messages name files alone."""
    monkeypatch.chdir(BAD)
    (tmp_path / paths.CREDENTIALS.lstrip("/")).mkdir(parents=True)
    (tmp_path / paths.POLICY.lstrip("/")).write_text('commands = [["/bin/true"]]\n')
    return tmp_path


def check(file: Path, root: Path, *options: str) -> Result:
    """Check a file of the corpus on a machine that has every key it names."""
    for name in re.findall(r'credential = "([\w-]+)"', file.read_text(encoding="utf-8")):
        (root / paths.CREDENTIALS.lstrip("/") / name).write_text(f"{KEY}-key-of-{name}\n")
    return CliRunner().invoke(main, ["check", "--root", str(root), "--config", file.name, *options])


def test_the_corpus_is_large_enough() -> None:
    """Issue 13 asks for 80 wrong configurations."""
    assert len(FILES) >= 80
    assert {file.stem for file in FILES} == {file.stem for file in BAD.glob("*.out")}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_says_exactly_what_is_wrong(file: Path, root: Path) -> None:
    """Place, message, excerpt, rule and hint; no traceback, and no key."""
    done = check(file, root)
    said = done.stderr.replace(str(root), "DIR")
    expected = file.with_suffix(".out")
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(said, encoding="utf-8")
    assert expected.read_text(encoding="utf-8") == said
    assert (done.exit_code, done.stdout) == (78, "")
    assert KEY not in done.output


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_says_the_same_as_json(file: Path, root: Path) -> None:
    """Each problem has a place in the file, and a mark that is inside its excerpt; no key."""
    done = check(file, root, "--json")
    assert (done.exit_code, done.stderr, KEY in done.stdout) == (78, "", False)
    answer = json.loads(done.stdout)
    assert (answer["file"], answer["ok"], bool(answer["errors"])) == (file.name, False, True)
    for problem in answer["errors"] + answer["warnings"]:
        assert f"{file.name}:{problem['line']}:{problem['column']}: " in file.with_suffix(".out").read_text()
        if problem["excerpt"] is not None:
            assert problem["excerpt"]["width"] > 0
            assert problem["excerpt"]["start"] <= 91
