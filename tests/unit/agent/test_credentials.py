"""The token and the key, read from the unit's credentials directory."""

from pathlib import Path

import pytest

from restream_agent.agent.credentials import HookCredentials, read_credentials
from restream_agent.base.errors import RestreamError


def test_both_files_are_read(tmp_path: Path) -> None:
    """White space around a secret is not part of it."""
    (tmp_path / "hook-token").write_text("t0ken\n")
    (tmp_path / "ingest-key").write_text(" s3cret \n")
    assert read_credentials(tmp_path, takes_any_key=False) == HookCredentials("t0ken", "s3cret")


def test_any_key_needs_no_file(tmp_path: Path) -> None:
    """`ingest.key = "any"` has no credential."""
    (tmp_path / "hook-token").write_text("t0ken\n")
    credentials = read_credentials(tmp_path, takes_any_key=True)
    assert (credentials.key, credentials.accepts(("anything",)), credentials.accepts(())) == (
        None,
        True,
        True,
    )


@pytest.mark.parametrize("empty", ["hook-token", "ingest-key"])
def test_an_empty_secret_is_an_error(tmp_path: Path, empty: str) -> None:
    """An empty key would accept a publisher without a key."""
    for name in ("hook-token", "ingest-key"):
        (tmp_path / name).write_text("\n" if name == empty else "secret")
    with pytest.raises(RestreamError, match="is empty"):
        read_credentials(tmp_path, takes_any_key=False)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    """The agent was started by hand, without its unit."""
    with pytest.raises(RestreamError, match="hook-token: No such file"):
        read_credentials(tmp_path, takes_any_key=False)


def test_the_repr_shows_no_secret() -> None:
    """A traceback can print it."""
    assert repr(HookCredentials("t0ken", "s3cret")) == "HookCredentials(…)"
