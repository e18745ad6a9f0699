"""What people type into OBS: accepted alike on both servers, or a sentence that says what came."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.agent.typed_address import TypedAddress, on_nginx, on_srs
from restream_agent.base.obs_words import NO_NAME

KEY = "S3cretS3cret"
HOST = "rtmp://192.0.2.1"


class SrsHook(NamedTuple):
    """The fields of a hook of SRS 6.0.157 that tell where a publisher publishes."""

    application: str
    stream: str
    param: str
    url: str


class NginxHook(NamedTuple):
    """The fields of a hook of nginx-rtmp 1.2.2 that tell it; every application comes as `live`."""

    name: str
    keys: tuple[str, ...]
    url: str


QUERY = f"?key={KEY}"
TWICE = f"{QUERY}{QUERY}"

# What SRS makes of an address is what srs_discovery_tc_url and srs_guess_stream_by_app do with it, and what
# tests/system/test_typed_addresses.py sees.
ACCEPTED = {
    "as documented": (
        SrsHook("live", "main", QUERY, f"{HOST}/live"),
        NginxHook("main", (KEY,), f"{HOST}/live"),
    ),
    "a slash at the end": (
        SrsHook("live", "main", QUERY, f"{HOST}:1935/live/"),
        NginxHook("main", (KEY,), f"{HOST}:1935/live/"),
    ),
    "a slash before the name": (
        SrsHook("live", "main", QUERY, f"{HOST}/live"),
        NginxHook("/main", (KEY,), f"{HOST}/live"),
    ),
    "the key on the server's URL": (
        SrsHook("live", "main", TWICE, f"{HOST}/live{QUERY}"),
        NginxHook("main", (), f"{HOST}/live{QUERY}"),
    ),
    "the whole URL as the server": (
        SrsHook("live", "main", TWICE, f"{HOST}/live/main{QUERY}"),
        NginxHook("", (), f"{HOST}/live/main{QUERY}"),
    ),
    "an instance": (
        SrsHook("live", "main", QUERY, f"{HOST}/live/_definst_"),
        NginxHook("main", (KEY,), f"{HOST}/live/_definst_"),
    ),
}

OTHER = {
    f"{HOST}": ("__defaultApp__", "the server's URL ends without an application"),
    f"{HOST}/": ("__defaultApp__", "the server's URL ends without an application"),
    f"{HOST}/main": ("main", 'the application is "main"'),
    f"{HOST}/LIVE": ("LIVE", "the application is not live in small letters"),
    f"{HOST}/{KEY}": (KEY, "the application is not live"),
    f"{HOST}/live/main": ("live/main", "the server's URL goes on after /live"),
    f"{HOST}/live/main{QUERY}": ("live/main", "the server's URL goes on after /live"),
    f"{HOST}/live2": ("live2", "the application is not live"),
    f"{HOST}/main/live": ("main/live", 'the application is "main"'),
}


@pytest.mark.parametrize(("srs", "nginx"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_both_servers_accept(srs: SrsHook, nginx: NginxHook) -> None:
    """The stream `live/main` with the right key."""
    on_either = (on_srs(*srs), on_nginx("live", *nginx))
    assert [(typed.application, typed.stream, typed.complaint) for typed in on_either] == [
        ("live", "main", ""),
        ("live", "main", ""),
    ]
    assert all(KEY in typed.keys for typed in on_either)


@pytest.mark.parametrize("url", OTHER)
def test_another_application_is_said_alike(url: str) -> None:
    """What came, in the same words on both servers, and without the key."""
    application, complaint = OTHER[url]
    on_either = (
        on_srs(application, "main", QUERY, url),
        on_nginx("live", "main", (KEY,), url),
    )
    assert [typed.complaint for typed in on_either] == [complaint, complaint]
    assert all(typed.application != "live" for typed in on_either)


def test_a_slash_in_the_key_is_said_on_srs() -> None:
    """SRS cuts `rtmp://HOST/live/main?key=a/b` at its last slash; nginx-rtmp does not."""
    typed = on_srs("live/main", "b", "?key=a", f"{HOST}/live")
    assert typed.complaint == "the stream key has a slash, at which SRS cuts it"
    assert on_nginx("live", "main", ("a/b",), f"{HOST}/live") == TypedAddress("live", "main", ("a/b",))


def test_blanks_around_the_key_are_left_out_or_said() -> None:
    """SRS has them in the stream's name, and serves the whole stream key as that."""
    said = on_srs("live", f"main{QUERY}", "", f"{HOST}/live").complaint
    assert said == "the stream key has a blank, or another character with which SRS does not read it"
    typed = on_nginx("live", " main ", (f"{KEY} ",), f" {HOST}/live ")
    assert typed == TypedAddress("live", "main", (KEY,))


def test_a_whole_url_as_the_stream_key_is_said() -> None:
    """Pasted into the wrong one of OBS's two fields."""
    on_either = (
        on_srs("live/rtmp://192.0.2.1/live", "main", QUERY, f"{HOST}/live"),
        on_nginx("live", f"{HOST}/live/main", (KEY,), f"{HOST}/live"),
    )
    assert {typed.complaint for typed in on_either} == {"the stream key is a whole URL"}


def test_an_empty_stream_key_is_said() -> None:
    """SRS turns it away itself."""
    assert on_nginx("live", "", (), f"{HOST}/live").complaint == NO_NAME
    assert on_srs("live", "", "", f"{HOST}/live").complaint == NO_NAME


@pytest.mark.parametrize("url", ["", " "])
def test_a_client_of_nginx_that_sends_no_url_is_judged_by_its_application(url: str) -> None:
    """The URL is for the client to send."""
    assert on_nginx("live", "main", (KEY,), url) == TypedAddress("live", "main", (KEY,))


def test_a_key_that_comes_twice_is_one() -> None:
    """On the server's URL and in the stream key."""
    assert on_srs("live", "main", QUERY, f"{HOST}/live{QUERY}").keys == (KEY,)
    assert on_nginx("live", "main", (KEY,), f"{HOST}/live{QUERY}").keys == (KEY,)


@given(st.text(), st.text(), st.text(), st.text())
def test_no_sentence_quotes_what_was_typed(application: str, stream: str, query: str, url: str) -> None:
    """Whatever a client sends gives an address; its complaint is the same for other texts of the kind."""
    for typed in (on_srs(application, stream, query, url), on_nginx("live", stream, (query,), url)):
        for sent in (application, stream, query, url):
            if len(sent) > len("__defaultApp__"):
                assert sent not in typed.complaint
