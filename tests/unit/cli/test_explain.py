"""The commands `explain` and `schema`."""

import json
from pathlib import Path

from click.testing import CliRunner

from restream_agent.cli.main import main

TOP = Path(__file__).parents[3]


def test_explain_prints_what_a_key_is_for() -> None:
    """On stdout, with exit code 0."""
    done = CliRunner().invoke(main, ["explain", "fallback.hold"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("fallback.hold\n\n  How long the fallback keeps")


def test_explain_of_an_unknown_key_says_which_is_meant() -> None:
    """On stderr, with exit code 1."""
    done = CliRunner().invoke(main, ["explain", "fallback.holdd"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "restream-agent: fallback.holdd is not a key\n  did you mean fallback.hold?\n"


def test_schema_prints_what_the_docs_have() -> None:
    """The same text as docs/restream.schema.json, which is in the wheel."""
    done = CliRunner().invoke(main, ["schema"])
    assert json.loads(done.stdout) == json.loads((TOP / "docs/restream.schema.json").read_text())
