"""What follows a change that is only written, and who is asked."""

from io import StringIO
from pathlib import Path

import pytest

from restream_agent.base.target import TargetMachine
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
