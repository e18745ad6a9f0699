"""The tables of `make vm`, and the page that has them."""

import pytest

from tests.system.wall_table import PAGE, PLACES
from tests.vm import limits, page, tables
from tests.vm.catalogue import CHECKS
from tests.vm.check import CheckRow
from tests.vm.sandbox import WALLS

ALL = [name.strip("`") for name in PLACES]


def row(where: str, outcome: str = "EPERM", *, tried: str = "t", holds: bool = True) -> CheckRow:
    """Return a row of one line of the sandbox."""
    return CheckRow("W", where, tried, outcome, holds)


def test_units_in_which_the_same_was_tried_share_a_line() -> None:
    """Another outcome is told with its units, and a failure apart; a unit has the name of the pages."""
    rows = [row("agent"), row("`live@`"), row("live@main.service"), row("restream-agent.service")]
    assert tables.merged(rows) == [("W", "live@, agent", "t", "EPERM")]
    rows.append(row("apply", "EACCES"))
    assert tables.merged(rows) == [("W", "live@, agent, apply", "t", "EPERM; apply: EACCES")]
    rows.append(row("forget", "nothing", holds=False))
    assert tables.merged(rows)[1:] == [("W", "forget", "t", "FAIL: nothing")]


def test_outcomes_that_are_all_different_are_each_told_with_their_unit() -> None:
    """So a number is never without its unit."""
    rows = [row("agent", "EAGAIN at 128"), row("live@", "EAGAIN at 4")]
    assert tables.merged(rows)[0][3] == "agent: EAGAIN at 128; live@: EAGAIN at 4"


def test_attempts_with_the_same_units_and_outcome_share_a_line() -> None:
    """As the calls that the filter refuses to all."""
    rows = [row(name, tried=call) for call in ("call a", "call b") for name in ALL]
    assert tables.merged(rows) == [("W", "all", "call a, call b", "EPERM")]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (ALL, "all"),
        ([name for name in ALL if name not in ("apply", "program")], "all but program, apply"),
        (["off-air", "agent"], "agent, off-air"),
        (["agent", "ffmpeg-relay@beta"], "agent, ffmpeg-relay@beta"),
    ],
)
def test_units_are_told_by_name_or_as_all_but_a_few(places: list[str], words: str) -> None:
    """In the order of the pages; a unit that these do not name comes last."""
    assert tables.told(places) == words


def test_a_check_that_was_not_played_says_so() -> None:
    """A report of one check lists the others."""
    table = tables.of_checks({"walls": "ok"})
    assert table.count("not played") == len(CHECKS) - 1
    assert table.splitlines()[2].endswith("| ok |")


def test_a_report_replaces_what_is_between_the_marks() -> None:
    """And nothing else of the page."""
    text = f"before\n{page.BEGIN}old\n{page.END}after\n"
    assert page.replaced(text, "new\n") == f"before\n{page.BEGIN}\nnew\n\n{page.END}after\n"
    with pytest.raises(ValueError, match="the page has no"):
        page.replaced("before\n", "new\n")


def told_in_the_page() -> list[list[str]]:
    """Return the lines of the first table between the marks of docs/security.md."""
    told = PAGE.read_text().partition(page.BEGIN)[2].partition(page.END)[0]
    lines = [line.strip("| ").split(" | ") for line in told.splitlines() if line.startswith("|")]
    end = next(number for number, line in enumerate(lines) if line[0] == "check")
    return lines[2:end]


def test_the_page_tells_of_each_wall_in_all_units_that_have_it() -> None:
    """So a wall or a unit that is new in the code must be played and told."""
    told = told_in_the_page()
    for wall in WALLS:
        where = tables.told(name.strip("`") for name in PLACES if name not in wall.open_to)
        (line,) = [line for line in told if line[0] == f"`{wall.line}`" and wall.tried in line[2].split(", ")]
        assert line[1] == where, wall.tried


@pytest.mark.parametrize("line", ["`TasksMax=`", "`MemoryMax=`"])
def test_the_page_tells_of_each_unit_that_must_have_a_limit(line: str) -> None:
    """As the walls."""
    where = tables.told(tables.name(unit) for unit in limits.STANDING)
    assert [told[1] for told in told_in_the_page() if told[0] == line] == [where]
