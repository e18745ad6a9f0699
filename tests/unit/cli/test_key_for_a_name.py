"""A key that was pasted where the name of its credential belongs: { credential = "KEY" }."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from restream_agent.cli.main import main

KEY = "live_1234567890_hidden"
TOML = f"""\
version = 1
[ingest]
key = "any"
[platforms.twitch]
preset = "twitch"
key = {{ credential = "{KEY}" }}
"""


@pytest.mark.parametrize(
    "command", ["check", "check --json", "secret list", "platform list", "apply --dry-run"]
)
def test_it_is_not_shown(tmp_path: Path, command: str) -> None:
    """The message says what to write instead."""
    place = tmp_path / "restream.toml"
    place.write_text(TOML)
    done = CliRunner().invoke(main, [*command.split(), "--root", str(tmp_path), "--config", str(place)])
    assert "looks like a key" in done.output
    assert KEY not in done.output


@pytest.mark.parametrize("command", ["secret list --json", "platform list --json"])
def test_it_is_not_in_json(tmp_path: Path, command: str) -> None:
    """The mask stands for it."""
    place = tmp_path / "restream.toml"
    place.write_text(TOML)
    done = CliRunner().invoke(main, [*command.split(), "--root", str(tmp_path), "--config", str(place)])
    (entry,) = json.loads(done.output)
    shown = entry.get("name") if "secret" in command else entry.get("key_name")
    assert (done.exit_code, shown, KEY in done.output) == (0, "•••", False)
