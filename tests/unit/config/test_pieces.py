"""Platforms in files of their own: every check sees the whole, every message names a file and its line."""

from pathlib import Path

import pytest

from restream_agent.base.errors import ConfigError, Problem
from restream_agent.config import file

MAIN = """\
version = 1
[ingest]
key = { credential = "ingest" }
[channels.es]
key = { credential = "ingest-es" }
"""
TWITCH = '# Twitch\n[platforms.twitch]\npreset = "twitch"\nkey = { credential = "twitch" }'


def written(tmp_path: Path, **pieces: str) -> Path:
    """Write the TOML and its pieces; return the TOML."""
    place = tmp_path / "restream.toml"
    place.write_text(pieces.pop("main", MAIN))
    (tmp_path / "platforms.d").mkdir()
    for name, text in pieces.items():
        (tmp_path / f"platforms.d/{name}.toml").write_text(text)
    return place


def problems(place: Path) -> list[str]:
    """Return what is wrong, with the files' names alone."""
    with pytest.raises(ConfigError) as refused:
        file.read(place)
    return [str(problem).replace(f"{place.parent}/", "") for problem in refused.value.problems]


def test_platforms_of_every_file_are_one_configuration(tmp_path: Path) -> None:
    """In the order of the names; a channel's too. Other files are left alone."""
    es = '[channels.es.platforms.x]\npreset = "x"\nkey = { credential = "x" }\n'
    place = written(tmp_path, b_twitch=TWITCH, a_es=es)
    (tmp_path / "platforms.d/README").write_text("no TOML")
    (tmp_path / "platforms.d/.restream-half.toml").write_text("[")
    config, _ = file.read(place)
    assert (list(config.platforms), list(config.channels["es"].platforms)) == (["twitch"], ["x"])


def test_a_problem_has_the_line_of_its_own_file(tmp_path: Path) -> None:
    """And its column. All of them at once, the TOML's first."""
    place = written(
        tmp_path,
        main=MAIN + "[relay]\nstal = 1\n",
        a=TWITCH.replace("preset", "presett"),
        b='\n\n[platforms.x]\npreset = "y"\nkey = "abc def"\n',
    )
    assert [line.partition(": ")[0] for line in problems(place)] == [
        "restream.toml:7:1",
        "platforms.d/a.toml:3:1",
        "platforms.d/b.toml:4:10",
        "platforms.d/b.toml:5:7",
    ]


def test_an_excerpt_is_from_the_file_that_the_problem_names(tmp_path: Path) -> None:
    """With the mark under the word that is wrong."""
    place = written(tmp_path, a=TWITCH.replace("preset", "presett"))
    (found,) = file.examine(place).problems
    assert found.excerpt is not None
    assert (found.excerpt.text, found.excerpt.start, found.excerpt.width) == ('presett = "twitch"', 0, 7)


def test_a_file_that_is_no_toml_leaves_the_others_checked(tmp_path: Path) -> None:
    """Its own platforms are not missed: nobody can know them."""
    place = written(tmp_path, a="[platforms.x\n", b=TWITCH.replace("preset", "presett"))
    found = file.examine(place)
    assert [(Path(each.source).name, each.line) for each in found.problems] == [("a.toml", 1), ("b.toml", 3)]
    assert not any("no platform" in each.message for each in found.warnings)


def test_a_warning_has_the_line_of_its_own_file(tmp_path: Path) -> None:
    """And so have problems of what the files name."""
    place = written(tmp_path, a=TWITCH.replace('{ credential = "twitch" }', '"live_abc"'))
    _, warnings = file.read(place)
    assert [(Path(each.source).name, each.line) for each in warnings] == [
        ("restream.toml", 4),
        ("a.toml", 4),
    ]
    missing = Problem(str(place), 0, "platforms.twitch.key", "is missing")
    (found,) = file.examine(place).document.located([missing])
    assert (Path(found.source).name, found.line, found.column) == ("a.toml", 4, 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[platforms.x\n", "platforms.d/a.toml:1:13: not valid TOML: expected"),
        (
            '\n[ingest]\nkey = "any"\n',
            "platforms.d/a.toml:2:1: ingest: does not belong in this file (a file here holds platforms:",
        ),
        (
            "platforms.x.backup = true\n",
            "platforms.d/a.toml:1:13: platforms.x.backup: needs a header above it",
        ),
        (
            '[platforms]\nx = { preset = "x" }\n',
            "platforms.d/a.toml:1:1: platforms: does not belong in this file",
        ),
        ("stall = 1\n", "platforms.d/a.toml:1:1: stall: does not belong in this file"),
    ],
)
def test_a_file_holds_platforms_and_nothing_else(tmp_path: Path, text: str, expected: str) -> None:
    """A key above its first header would belong to the table that the file before it ends with."""
    (found,) = problems(written(tmp_path, a=text))
    assert found.startswith(expected)


def test_a_platform_in_two_files_is_named_with_both(tmp_path: Path) -> None:
    """Whoever copied a file has to know which."""
    video = "\n[platforms.twitch.video]\nheight = 720\n"
    (found,) = problems(written(tmp_path, main=MAIN + TWITCH, a=TWITCH + video))
    assert found == "platforms.d/a.toml:2:1: platforms.twitch: is in restream.toml, too (remove one of them)"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """It is not left out."""
    place = written(tmp_path)
    (tmp_path / "platforms.d/a.toml").write_bytes(b"\xff")
    assert problems(place) == ["platforms.d/a.toml: is not UTF-8 text (save it as UTF-8)"]
