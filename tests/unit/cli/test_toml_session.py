"""What follows a change that is only written, who is asked, and what a failed apply leaves."""

from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from restream_agent.base.target import TargetMachine
from restream_agent.cli.main import main
from restream_agent.cli.toml_session import Consent, next_step


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


@pytest.mark.usefixtures("quick_ffmpeg")
def test_a_key_stays_when_the_written_change_cannot_be_applied(tmp_path: Path) -> None:
    """The file names the key by then: without it, every later apply would fail."""
    toml, keys = tmp_path / "etc/restream-agent/restream.toml", tmp_path / "etc/restream-agent/credentials"
    keys.mkdir(parents=True)
    (keys / "ingest").write_text("a-key-for-obs\n")
    toml.write_text('version = 1\n[ingest]\nkey = { credential = "ingest" }\n')
    (tmp_path / "etc/systemd").mkdir()
    (tmp_path / "etc/systemd/system").touch()
    argv = ["platform", "add", "youtube", "--yes", "--root", str(tmp_path)]
    done = CliRunner().invoke(main, argv, input="live_hidden_key")
    assert (done.exit_code, "added youtube\n" in done.stdout) == (1, True), done.output
    assert done.stderr.endswith(f"{toml} has the change; the machine is as it was\n")
    assert (keys / "youtube").read_text() == "live_hidden_key\n"
