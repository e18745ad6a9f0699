"""Each TOML renders to an exact set of files. To accept a change: UPDATE_GOLDEN=1 pytest tests/golden."""

import os
import shutil
from pathlib import Path

import pytest

from restream_agent.base.file_tree import File, Tree
from tests.golden.rendering import CASES, rendered

INDEX = "index.txt"


def index(tree: Tree) -> str:
    """Return a line for each entry: mode, group and secrecy of a file, or the target of a link."""
    lines = []
    for path, entry in sorted(tree.items()):
        if isinstance(entry, File):
            secret = " secret" if entry.is_secret else ""
            lines.append(f"{entry.mode:04o} {entry.group} {path}{secret}\n")
        else:
            lines.append(f"link {path} -> {entry.target}\n")
    return "".join(lines)


def contents(tree: Tree) -> dict[str, str]:
    """Return the text of each file by path, and the index."""
    files = {path.lstrip("/"): entry.content for path, entry in tree.items() if isinstance(entry, File)}
    return {**files, INDEX: index(tree)}


def read_expected(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()
    }


def write_expected(directory: Path, files: dict[str, str]) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    for name, text in files.items():
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def test_there_are_cases() -> None:
    """The cases are found."""
    assert len(CASES) >= 8


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_renders_exactly_what_is_expected(case: Path) -> None:
    """Files, contents, modes, groups and links are as expected, and there are no other files."""
    actual = contents(rendered(case))
    if "UPDATE_GOLDEN" in os.environ:
        write_expected(case / "expected", actual)
    expected = read_expected(case / "expected")
    assert sorted(expected) == sorted(actual)
    for name, text in expected.items():
        assert text == actual[name], name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_secret_is_only_in_files_that_others_cannot_read(case: Path) -> None:
    """Neither a file that everybody can read nor a link holds the hook token or a key of the TOML."""
    fakes = ("fake-hook-token", "fake-ingest-key", "fake-twitch-key", "fake-key-in-url", "token=fake")
    for path, entry in rendered(case).items():
        text = entry.content if isinstance(entry, File) else entry.target
        if any(fake in text for fake in fakes):
            assert isinstance(entry, File)
            assert (entry.is_secret, entry.mode & 0o007) == (True, 0), path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rendering_is_repeatable(case: Path) -> None:
    """The same input gives the same tree."""
    assert rendered(case) == rendered(case)
