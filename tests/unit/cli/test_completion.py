"""What the shells complete after a Tab."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from restream_agent.cli.main import main
from restream_agent.config.schema_keys import dotted_keys

PROJECT = Path(__file__).parents[3]
VARIABLE = "_RESTREAM_AGENT_COMPLETE"
TOML = """\
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
[channels.es.platforms.kick]
preset = "kick"
key = { credential = "kick-es" }
"""


def offered(*words: str) -> list[str]:
    """Return what is offered for the last word."""
    *before, typed = words
    complete = ShellComplete(main, {}, "restream-agent", VARIABLE)
    return [item.value for item in complete.get_completions(before, typed)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a TOML, a platform in a file of its own, and a stored key that nothing names."""
    etc = tmp_path / "etc/restream-agent"
    (etc / "platforms.d").mkdir(parents=True)
    (etc / "restream.toml").write_text(TOML)
    (etc / "platforms.d/club.toml").write_text('[platforms.club]\nurl = "rtmp://club.example/live"\n')
    (etc / "credentials").mkdir()
    (etc / "credentials/old").write_text("key\n")
    return tmp_path


def test_commands_and_options() -> None:
    """Commands of a group, and the options of a command; no command that only units run."""
    assert offered("platform", "") == ["add", "disable", "enable", "list", "presets", "remove", "set", "test"]
    assert "notify" not in offered("")
    assert offered("check", "--st") == ["--strict"]


def test_platforms_are_those_of_the_toml(root: Path) -> None:
    """With those in files of their own; behind --channel those of the channel."""
    assert offered("platform", "enable", "--root", str(root), "") == ["twitch", "club"]
    assert offered("platform", "enable", "--root", str(root), "--channel", "es", "") == ["kick"]


def test_a_given_file_is_read_instead(root: Path) -> None:
    """Behind --config."""
    other = root / "other.toml"
    other.write_text("[platforms.youtube]\n")
    assert offered("platform", "set", "--config", str(other), "") == ["youtube"]


def test_channels_are_offered_where_there_are_several(root: Path) -> None:
    """Those of the TOML, and main."""
    assert offered("platform", "list", "--root", str(root), "--channel", "") == ["main", "es"]


def test_installed_channels_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a user who cannot read the TOML, too."""
    from restream_agent.base.target import TargetMachine
    from restream_agent.cli import completion

    place = tmp_path / "etc/restream-agent/channels/es"
    place.mkdir(parents=True)
    (place / "agent.json").write_text("{}")
    monkeypatch.setattr(completion, "THIS_MACHINE", TargetMachine(tmp_path))
    assert offered("off-air", "") == ["main", "es"]
    assert offered("status", "e") == ["es"]


def test_presets() -> None:
    """As the name of a new platform, as --preset, and of `platform presets`."""
    for words in (("platform", "add"), ("platform", "presets"), ("platform", "add", "x", "--preset")):
        assert offered(*words, "tw") == ["twitch"]


def test_secrets_are_the_stored_and_the_named(root: Path) -> None:
    """So `secret set` offers a key that is still missing."""
    assert offered("secret", "set", "--root", str(root), "") == ["ingest", "kick-es", "old", "twitch"]


def test_keys_of_explain() -> None:
    """A name that was typed stays."""
    assert offered("explain", "fallback.ho") == ["fallback.hold"]
    assert offered("explain", "platforms.twitch.en") == ["platforms.twitch.enabled"]


def test_explain_knows_every_key_that_is_offered() -> None:
    """The schema and the models name the same keys."""
    keys = dotted_keys(json.loads((PROJECT / "docs/restream.schema.json").read_text()))
    assert {"fallback.match.width", "channels.NAME.platforms.NAME.video.height"} <= set(keys)
    failed = [key for key in keys if CliRunner().invoke(main, ["explain", key]).exit_code]
    assert failed == []


@pytest.mark.parametrize("text", [None, "no TOML", "platforms = 5", "[platforms]\nx = 1\n[channels]\ny = 2"])
def test_nothing_is_said_where_there_is_no_configuration(tmp_path: Path, text: str | None) -> None:
    """Or none that can be read, or one that is half written."""
    if text is not None:
        (tmp_path / "etc/restream-agent").mkdir(parents=True)
        (tmp_path / "etc/restream-agent/restream.toml").write_text(text)
    names = ["x"] if text is not None and "x" in text else []
    assert offered("platform", "enable", "--root", str(tmp_path), "") == names
    assert offered("platform", "enable", "--root", str(tmp_path), "--channel", "y", "") == []
    assert offered("secret", "remove", "--root", str(tmp_path), "") == []


def in_bash(directory: Path, *words: str) -> list[str]:
    """Return what the installed script gives to a bash that completes the last word."""
    program = directory / "restream-agent"
    program.write_text(f"#!{sys.executable}\nfrom restream_agent.cli.main import main\nmain()\n")
    program.chmod(0o755)
    script = PROJECT / "share/bash-completion/completions/restream-agent"
    asked = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n'
    asked += '_restream_agent_completion "$1"; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ("bash", "-c", asked, "bash", "restream-agent", *words),
        env={**os.environ, "PATH": f"{directory}:{os.environ['PATH']}", "PYTHONPATH": str(PROJECT)},
        timeout=30,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_the_script_of_bash_asks_the_program(root: Path, tmp_path: Path) -> None:
    """It gives the words that fit, and no message where none does."""
    assert in_bash(tmp_path, "platform", "en") == ["enable"]
    assert in_bash(tmp_path, "platform", "enable", "--root", str(root), "t") == ["twitch"]
    assert in_bash(tmp_path, "platform", "enable", "--root", "/nowhere", "") == []


def test_a_completion_loads_little(root: Path) -> None:
    """A person waits for it: at most 150 ms, most of which is the start of Python and click."""
    script = (
        "import sys\n"
        "from restream_agent.cli.main import main\n"
        "try:\n    main(prog_name='restream-agent')\n"
        "finally:\n    print(*(name for name in ('pydantic', 'jinja2', 'tomlkit') if name in sys.modules))\n"
    )
    for words in (f"platform enable --root {root} ", "explain fallback.", "platform add "):
        asked = {"COMP_WORDS": f"restream-agent {words}", "COMP_CWORD": str(len(words.split(" ")))}
        done = subprocess.run(
            (sys.executable, "-c", script),
            env={**os.environ, **asked, VARIABLE: "bash_complete", "PYTHONPATH": str(PROJECT)},
            timeout=30,
            check=True,
            capture_output=True,
            text=True,
        )
        *lines, heavy = done.stdout.splitlines()
        assert (bool(lines), heavy, done.stderr) == (True, "", "")
