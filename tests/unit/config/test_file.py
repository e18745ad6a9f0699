"""The TOML file on the disk: its text, and the lines that are named in it."""

import os
from pathlib import Path

import pytest

from restream_agent.base.errors import ConfigError, Problem
from restream_agent.config import file

MARKED = '\ufeffversion = 1\n[ingest]\nkey = "abcdefghijklmnop"\n'


def test_a_byte_order_mark_is_no_part_of_any_line(tmp_path: Path) -> None:
    """The warnings, and problems of what the TOML names, find their lines behind it."""
    place = tmp_path / "restream.toml"
    place.write_text(MARKED, encoding="utf-8")
    _, found = file.read(place)
    assert [problem.line for problem in found] == [1, 3]
    problem = Problem(str(place), 0, "ingest.key", "is missing")
    assert [each.line for each in file.examine(place).document.located([problem])] == [3]


def test_a_problem_is_found_in_a_text_that_is_not_in_its_file_yet(tmp_path: Path) -> None:
    """Its lines are those that the file will have."""
    place = tmp_path / "restream.toml"
    place.write_text("version = 1\n")
    problem = Problem(str(place), 0, "ingest.key", "is missing")
    assert [each.line for each in file.examine(place, (place, MARKED)).document.located([problem])] == [3]


def test_the_line_ends_of_a_file_are_read_exactly_where_asked_for(tmp_path: Path) -> None:
    """An edit keeps them."""
    place = tmp_path / "restream.toml"
    place.write_bytes(b"version = 1\r\n")
    assert file.read_text(place) == "version = 1\n"
    assert file.read_text(place, exactly=True) == "version = 1\r\n"


def complaint(path: Path) -> str:
    """Return what is said of a TOML that cannot be read, or of a file beside it."""
    with pytest.raises(ConfigError) as caught:
        file.read_pieces(path)
    (problem,) = caught.value.problems
    return f"{Path(problem.source).name} {problem.message} ({problem.hint})"


def test_what_cannot_be_read_is_told_with_what_to_do(tmp_path: Path) -> None:
    """A link to nothing, a directory, a FIFO that nobody writes to, another encoding, no end."""
    toml, beside = tmp_path / "restream.toml", tmp_path / "platforms.d/club.toml"
    beside.parent.mkdir()
    toml.write_text("version = 1\n")
    beside.symlink_to("gone")
    assert complaint(toml).startswith("club.toml does not exist (it is a link to a file that")
    beside.unlink()
    beside.mkdir()
    assert complaint(toml) == "club.toml cannot be read: Is a directory (it has to be a text file)"
    beside.rmdir()
    os.mkfifo(beside)
    assert complaint(toml) == "club.toml is no file that can be read (only files belong there)"
    beside.unlink()
    beside.write_bytes("# café".encode("latin-1"))
    assert complaint(toml) == "club.toml is not UTF-8 text (save it as UTF-8)"
    assert complaint(Path("/dev/zero")).startswith("zero is longer than 16 MiB (")
