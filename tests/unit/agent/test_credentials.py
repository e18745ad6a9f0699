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
    assert credentials.key is None
    assert credentials.accepts("main", ("anything",))
    assert credentials.accepts("main", ())


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


def test_the_name_chooses_the_channel_and_only_its_key_opens_it() -> None:
    """A name that is no channel's goes to main, with main's key."""
    credentials = HookCredentials("t0ken", "of-main", {"es": "of-es", "en": "of-en"})
    opened = {
        (stream, key)
        for stream in ("main", "other", "es", "en", "ES")
        for key in ("of-main", "of-es", "of-en", "", "es")
        if credentials.accepts(stream, (key,))
    }
    assert opened == {
        *((name, "of-main") for name in ("main", "other", "ES")),
        *((name, f"of-{name}") for name in ("es", "en")),
    }
    assert credentials.channels == ("main", "es", "en")


@pytest.mark.parametrize("content", [None, "\n"])
def test_a_channel_without_its_key_is_closed_and_holds_up_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str | None
) -> None:
    """No key opens it, not even an empty one; the log says so."""
    for name in ("hook-token", "ingest-key", "ingest-key-en"):
        (tmp_path / name).write_text(name)
    if content is not None:
        (tmp_path / "ingest-key-es").write_text(content)
    credentials = read_credentials(tmp_path, takes_any_key=False, others=("en", "es"))
    assert credentials.accepts("en", ("ingest-key-en",))
    assert not any(credentials.accepts("es", (key,)) for key in ("", "ingest-key", "ingest-key-en"))
    assert not credentials.is_key("")
    assert "no publisher can open" in caplog.text


def test_main_without_its_key_is_closed_where_there_are_channels(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The unit gives an empty line in its place: the other channels work."""
    for name, content in (("hook-token", "t0ken"), ("ingest-key", "\n"), ("ingest-key-es", "of-es")):
        (tmp_path / name).write_text(content)
    credentials = read_credentials(tmp_path, takes_any_key=False, others=("es",))
    assert credentials.accepts("es", ("of-es",))
    assert not any(credentials.accepts("main", keys) for keys in ((), ("",), ("of-es",)))
    assert "the channel main is missing or empty; no publisher can open it" in caplog.text


def test_the_repr_shows_no_secret() -> None:
    """A traceback can print it."""
    assert repr(HookCredentials("t0ken", "s3cret")) == "HookCredentials(…)"
