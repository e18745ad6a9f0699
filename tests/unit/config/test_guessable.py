"""An ingest key that is written in the TOML is measured like a stored one."""

import pytest

from restream_agent.config.load import examine


@pytest.mark.parametrize(("key", "is_told"), [("short", True), ("x" * 12, False)])
def test_a_key_in_the_toml_that_can_be_guessed_deserves_a_warning(key: str, is_told: bool) -> None:
    """With its line, and without the key."""
    toml = f'version = 1\n[ingest]\nkey = "{key}"\n'
    said = [str(warning) for warning in examine(toml, source="t").warnings]
    assert (
        any(line.startswith("t:3:7: ingest.key: is short enough to be guessed") for line in said) is is_told
    )
