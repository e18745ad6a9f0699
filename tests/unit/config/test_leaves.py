"""What the TOML says key by key."""

from restream_agent.config.leaves import leaves
from restream_agent.config.load import load

HEAD = 'version = 1\n[ingest]\nkey = { credential = "ingest" }\n'
TWITCH = '[platforms.twitch]\npreset = "twitch"\nkey = "live_abc"\n'


def test_a_default_has_the_value_that_it_would_have_if_it_were_written() -> None:
    """So to write it down is no edit."""
    short, long = (leaves(load(HEAD + more, source="t")) for more in ("", '[fallback]\nhold = "30min"\n'))
    assert short["fallback.hold"].value == long["fallback.hold"].value
    assert (short["fallback.hold"].is_written, long["fallback.hold"].is_written) == (False, True)


def test_a_secret_is_one_key_and_in_no_repr() -> None:
    """Whatever it is made of."""
    said = leaves(load(HEAD + TWITCH, source="t"))
    assert "live_abc" in said["platforms.twitch.key"].value
    assert "live_abc" not in repr(said)
    assert not [key for key in said if key.startswith("platforms.twitch.key.")]
