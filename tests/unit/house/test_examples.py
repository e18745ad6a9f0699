"""Every example is a configuration that can be used as it is, once its keys and videos are there."""

import json
import tomllib
from pathlib import Path

import fastjsonschema
import pytest

from restream_agent.config.reference import SCHEMA_LINE, json_schema
from tests.unit.house.stocked import run, stock

PROJECT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((PROJECT / "examples").glob("*.toml"))
POLICY = PROJECT / "examples" / "gitops" / "policy.toml"
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)


@each_example
def test_an_example_passes_the_strict_check(example: Path, tmp_path: Path) -> None:
    """With made-up keys, stored as `secret set` does. This machine lacks the videos, and nothing else."""
    stock(tmp_path, example.read_text())
    found = json.loads(run("check", "--strict", "--json", "--root", tmp_path, "--policy", POLICY).stdout)
    videos = tomllib.loads(example.read_text()).get("fallback", {}).get("video", [])
    missing = [f"{video}: does not exist" for video in ([videos] if isinstance(videos, str) else videos)]
    assert [error["message"].removeprefix("fallback.video: ") for error in found["errors"]] == missing
    assert found["warnings"] == []


@each_example
def test_an_example_can_be_rendered_and_compared(example: Path, tmp_path: Path) -> None:
    """Into units and settings, without a machine."""
    stock(tmp_path, example.read_text())
    assert run("render", "--root", tmp_path).exit_code == 0
    assert run("diff", "--root", tmp_path).exit_code == 3


@each_example
def test_an_example_is_known_to_editors(example: Path) -> None:
    """It names the schema in its first line, and is valid by it."""
    text = example.read_text()
    assert text.startswith(f"{SCHEMA_LINE}\n")
    fastjsonschema.compile(json_schema())(tomllib.loads(text))


@each_example
def test_an_example_fits_an_editor(example: Path) -> None:
    """At most 120 columns; full.toml is generated, and has the whole description of a key in a line."""
    if example.name != "full.toml":
        assert [line for line in example.read_text().splitlines() if len(line) > 120] == []


@each_example
def test_an_example_is_named_in_a_page(example: Path) -> None:
    """So that it is found."""
    pages = [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md"), *EXAMPLES]
    assert any(example.name in page.read_text() for page in pages if page != example)
