"""What follows a change that is only written, who is asked, and what a failed apply leaves."""

from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from restream_agent.base.target import TargetMachine
from restream_agent.cli.main import main
from restream_agent.cli.toml_session import Consent, next_step
from tests.unit.cli.terminal import at_terminal


@pytest.mark.parametrize(
    ("given", "root", "is_watched", "words"),
    [
        (None, "/", True, "the agent applies it within seconds: journalctl -u restream-apply"),
        (None, "/", False, "to have it used: restream-agent apply"),
        ("a.toml", "/x", False, "to have it used: restream-agent apply --root /x --config a.toml"),
    ],
)
def test_the_next_step_is_a_command_to_copy(
    given: str | None, root: str, is_watched: bool, words: str
) -> None:
    """Or nothing is to be done."""
    assert next_step(None if given is None else Path(given), Path(root), is_watched=is_watched) == words


@pytest.mark.parametrize(
    ("consent", "applies"),
    [
        (Consent(None, yes=False), False),
        (Consent(None, yes=True), True),
        (Consent(True, yes=False), True),
        (Consent(False, yes=True), False),
    ],
)
def test_a_script_applies_only_where_it_says_so(
    consent: Consent, applies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is never asked."""
    monkeypatch.setattr("sys.stdin", StringIO())
    assert (consent.applies(TargetMachine(Path("/x"))), consent.asks) == (applies, False)


@pytest.fixture
def root(tmp_path: Path, quick_ffmpeg: None) -> Path:
    """Make a root with a platform and its key."""
    keys = tmp_path / "etc/restream-agent/credentials"
    keys.mkdir(parents=True)
    for name in ("ingest", "twitch"):
        (keys / name).write_text(f"a-key-of-{name}\n")
    twitch = '[platforms.twitch]\npreset = "twitch"\nkey = { credential = "twitch" }\n'
    (keys.parent / "restream.toml").write_text(
        f'version = 1\n[ingest]\nkey = {{ credential = "ingest" }}\n{twitch}'
    )
    return tmp_path


def test_a_new_key_alone_is_no_edit_of_the_file(root: Path) -> None:
    """The agent sees none, so the next step is that of `secret set`; the question is its own."""
    toml = root / "etc/restream-agent/restream.toml"
    before = toml.stat()
    argv = ("platform", "set", "twitch", "--key", "--root", str(root))
    done = CliRunner().invoke(main, argv, input="live_hidden_key")
    assert done.stdout == f"changed twitch\nto have it used: restream-agent apply --root {root}\n", (
        done.output
    )
    _, shown = at_terminal(
        argv, ("key for twitch (not shown): ", "live_key"), ("store this key and apply it? [Y/n]: ", "n")
    )
    assert shown.endswith("restream-agent: nothing was changed\r\n")
    assert (toml.parent / "credentials/twitch").read_text() == "live_hidden_key\n"
    after = toml.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_key_stays_when_the_written_change_cannot_be_applied(root: Path) -> None:
    """The file names the key by then: without it, every later apply would fail."""
    (root / "etc/systemd").mkdir()
    (root / "etc/systemd/system").touch()
    argv = ("platform", "add", "youtube", "--yes", "--root", str(root))
    done = CliRunner().invoke(main, argv, input="live_hidden_key")
    assert (done.exit_code, "added youtube\n" in done.stdout) == (1, True), done.output
    directory = root / "etc/restream-agent"
    assert done.stderr.endswith(f"{directory}/restream.toml has the change; the machine is as it was\n")
    assert (directory / "credentials/youtube").read_text() == "live_hidden_key\n"
