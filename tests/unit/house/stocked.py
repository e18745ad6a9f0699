"""A root below which commands work as on a machine that is set up, without systemd and without a real key."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from restream_agent.cli.main import main

ETC = "etc/restream-agent"
KEY = "made-up-key-that-opens-nothing"
WEBHOOK = "https://hooks.example.org/made-up"


def run(*arguments: str | Path, input: str = "") -> Result:
    """Run a command in this process; a traceback or a key in its output fails."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], input=input)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert KEY not in done.output
    return done


def stock(root: Path, toml: str) -> Path:
    """Write a TOML below a root, and store a made-up key for each that it names; return the TOML's place."""
    place = root / ETC / "restream.toml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(toml)
    listed = json.loads(run("secret", "list", "--json", "--root", root).stdout)
    for entry in listed:
        secret = WEBHOOK if entry["name"] == "webhook" else KEY + entry["name"]
        stored = run("secret", "set", entry["name"], "--root", root, input=f"{secret}\n")
        assert stored.exit_code == 0, stored.output
    return place
