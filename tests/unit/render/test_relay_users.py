"""The relays' users."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.render.relay_users import relay_user
from restream_agent.systemd import unit_names


@pytest.mark.parametrize(
    ("relay", "user"),
    [
        ("twitch", "relay-twitch"),
        ("youtube-backup", "relay-youtube-backup"),
        ("2nd", "relay-2nd"),
        ("My.Twitch", "relay_my-twitch_ce74cf1e0c"),
        ("a" * 25, f"relay-{'a' * 25}"),
    ],
)
def test_a_relay_s_user_is_named_like_the_relay_where_it_can_be(relay: str, user: str) -> None:
    """Capitals, dots and length are no obstacle: a hash tells such relays apart."""
    assert relay_user(relay)[:16] == user[:16]
    assert len(relay_user(relay)) == len(user)


@given(
    st.lists(st.from_regex(unit_names.INSTANCE, fullmatch=True), min_size=2, max_size=2, unique=True),
)
def test_two_relays_never_share_a_user(relays: list[str]) -> None:
    """Each name is one that systemd takes on every version: at most 31 letters, digits, - and _."""
    users = [relay_user(relay) for relay in relays]
    assert users[0] != users[1]
    for user in users:
        assert re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}", user)
