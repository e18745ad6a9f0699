"""All problems of a wrong file come in one go: the rest of the file is checked without what is wrong."""

import pytest

from restream_agent.config.load import examine

INGEST = 'version = 1\n[ingest]\nkey = { credential = "ingest" }\n'
TWO = """[platforms.a]
url = "rtmps://a.example.org/app"
key = { credential = "a" }
[platforms.b]
url = "rtmps://b.example.org/app"
key = { credential = "b" }
"""


def kept(text: str) -> list[str]:
    """Return the platforms that are left of a wrong file."""
    found = examine(text, source="t")
    assert found.problems
    assert found.config is not None
    return list(found.config.platforms)


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ('url = "rtmps://a.', 'url = "https://a.', ["a", "b"]),
        ('url = "rtmps://a.', 'presett = "x"\nurl = "rtmps://a.', ["a", "b"]),
        ('key = { credential = "a" }', 'key = { credential = "?" }', ["b"]),
        ("[platforms.a]", '[platforms."A!"]', ["b"]),
        ("[ingest]", '[ingest]\nstall = "x"', ["a", "b"]),
        ("[ingest]", "[ingest]\nstall = ", ["a", "b"]),
        ('key = { credential = "ingest" }', "", ["a", "b"]),
        ("version = 1", 'version = "1"', ["a", "b"]),
        ("version = 1", "version = 1\nrelay = 3", ["a", "b"]),
    ],
)
def test_what_is_right_is_left(before: str, after: str, left: list[str]) -> None:
    """A platform stays for the check of its key, unless its key or its name is what is wrong."""
    assert kept((INGEST + TWO).replace(before, after, 1)) == left


def test_a_wrong_channel_leaves_the_others() -> None:
    """Its platforms are checked as long as its key is right."""
    text = INGEST + TWO + '[channels.es]\nkey = { credential = "es" }\n[channels.es.fallback]\nhold = "x"\n'
    found = examine(text, source="t").config
    assert found is not None
    assert list(found.channels) == ["es"]
    broken = examine(text.replace('key = { credential = "es" }', "key = 1"), source="t").config
    assert broken is not None
    assert (list(broken.channels), list(broken.platforms)) == ([], ["a", "b"])


@pytest.mark.parametrize("text", ["[platforms\n", "x = [1,\n\n", "[ingest]\n", 'a = """\nb'])
def test_what_cannot_be_read_on_is_told_alone(text: str) -> None:
    """A header that is wrong, or a list that is open, would make what follows wrong, too."""
    found = examine(INGEST + text + "nonsense = true\n", source="t")
    assert (found.config, len(found.problems), found.warnings) == (None, 1, ())


def test_no_platform_is_missed_that_has_an_error() -> None:
    """A warning that comes from what was left out is none."""
    one = TWO.partition("[platforms.b]")[0].replace('{ credential = "a" }', "1")
    assert examine(INGEST + one, source="t").warnings == ()


def test_a_key_whose_line_is_wrong_is_not_missing() -> None:
    """It has been told what is wrong with the line."""
    found = examine(INGEST + TWO.replace('key = { credential = "a" }', "key = live_1"), source="t")
    assert [(problem.line, problem.message) for problem in found.problems] == [
        (6, "not valid TOML: invalid value")
    ]


def test_a_broken_text_ends() -> None:
    """However many lines are wrong."""
    assert len(examine("x = y\n" * 1000, source="t").problems) == 20
