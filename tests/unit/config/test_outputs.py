"""Where the relays send to: one spelling of each place; tests/data/bad has what is refused."""

import pytest

from restream_agent.config.load import load
from restream_agent.config.outputs import place_of
from restream_agent.config.relays import relays


def test_the_scheme_of_a_url_is_read_like_everywhere_in_lower_case() -> None:
    """With "RTMPS://" the relay would check no certificate, and connect to nothing."""
    config = load(
        'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "RTMPS://h/App"\nkey = "kkkkkk"', source="t"
    )
    assert [relay.url for relay in relays(config)] == ["rtmps://h/App"]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("rtmp://H.example/app/", ("h.example", 1935, "app")),
        ("rtmps://h.example./app", ("h.example", 443, "app")),
        ("rtmps://h:1935/app?x=1", ("h", 1935, "app?x=1")),
    ],
)
def test_spellings_of_one_place_are_equal(url: str, place: tuple[str, int, str]) -> None:
    """The host in any case, with and without its usual port."""
    assert place_of(url) == place


def test_a_server_of_one_s_own_may_have_other_applications() -> None:
    """With manage = false, its application "live" alone is OBS's."""
    toml = """version = 1
[ingest]
key = "any"
manage = false
[platforms.archive]
url = "rtmp://127.0.0.1/archive"
key = "kkkkkk"
"""
    assert len(relays(load(toml, source="t"))) == 1
