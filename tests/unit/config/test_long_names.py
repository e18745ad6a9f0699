"""A dotted name of very many parts is told at its place; tomllib would read it for minutes."""

import pytest

from restream_agent.config import parsing
from restream_agent.config.document import Document

LONG = "a" + ".a" * 50_000
DEEPEST = "a" + ".a" * 99


@pytest.mark.parametrize(
    "name",
    [
        LONG,
        LONG.replace(".", " . "),
        LONG.replace("a", '"a"'),
        LONG.replace("a", "'b'"),
        LONG.replace("a", r'"\""'),
    ],
)
@pytest.mark.parametrize(
    "line", ["{} = 1", "x = {{ {} = 1 }}", "x = {{ y = 1, {} = 1 }}", "[{}]", "[[ {} ]]"]
)
def test_a_long_name_is_an_error_of_its_line(name: str, line: str) -> None:
    """Also inside a table in one line; the lines around it are read."""
    text = f"version = 1\n{line.format(name)}\n"
    parsed = parsing.parse(Document(text, "restream.toml"))
    assert [problem.line for problem in parsed.problems] == [2]
    assert "nested too deeply" in parsed.problems[0].message
    assert all(len(path) <= 100 for path in parsed.gone)


@pytest.mark.parametrize(
    "text", [f'message = "{LONG}"', f"# {LONG}", f"message = '''x {LONG}'''", f"{DEEPEST[:99]} = 1"]
)
def test_what_is_no_name_may_have_dots(text: str) -> None:
    """A text, a comment, and a name that is shorter."""
    assert parsing.parse(Document(f"{text}\n", "restream.toml")).problems == ()


@pytest.mark.parametrize("above", [f"# {DEEPEST}", f'x = "{DEEPEST}"'])
def test_the_line_is_that_of_the_name(above: str) -> None:
    """Not one with as many dots."""
    parsed = parsing.parse(Document(f"{above}\n{LONG} = 1\n", "restream.toml"))
    assert [problem.line for problem in parsed.problems] == [2]
