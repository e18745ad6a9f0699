"""The TOML file on the disk: its text, and the lines that are named in it."""

from pathlib import Path

from restream_agent.base.errors import Problem
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
