"""The contract with both servers: recorded hooks are parsed, and garbage is refused."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.agent.hook_formats import Hook, HookError, read_nginx, read_srs
from restream_agent.agent.situation import Publisher
from restream_agent.base.obs_words import NO_NAME
from tests.unit.agent.recorded import nginx_hooks, srs_hooks

KINDS = {"on_publish": "publish", "on_unpublish": "unpublish", "on_play": "play"}


def srs_body(**changes: Any) -> bytes:
    """Return a small hook of SRS with some fields changed; None leaves a field out."""
    fields = {"action": "on_publish", "client_id": "c1", "app": "live", "stream": "main", **changes}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def nginx_hook(number: int) -> Hook:
    """Read one of the recorded hooks of nginx-rtmp."""
    return read_nginx(nginx_hooks()[number]["body"].encode())


@pytest.mark.parametrize("recorded", srs_hooks(), ids=lambda hook: hook["path"])
def test_every_recorded_hook_of_srs_is_understood_or_refused_by_its_action(recorded: dict[str, Any]) -> None:
    """Three actions give a hook with its fields; every other action is a HookError."""
    body = recorded["body"]
    data = json.dumps(body).encode()
    kind = KINDS.get(body["action"])
    if kind is None:
        with pytest.raises(HookError, match="its action is not publish"):
            read_srs(data)
        return
    publisher = Publisher(body["client_id"], body["stream"], body["ip"])
    complaint = "" if body["app"] == "live" else "the application is not live"
    expected = Hook(kind, body["app"], publisher, complaint=complaint)
    assert expected == read_srs(data)


@pytest.mark.parametrize(
    ("param", "key"),
    [
        ("?key=s3cret", "s3cret"),
        ("?token=abc&key=s3cret&x=1", "s3cret"),
        ("key=s3cret", "s3cret"),
        ("?key=a+b/c==", "a+b/c=="),
        ("?key=a%2Fb", "a/b"),
        ("?key=", ""),
        ("?keys=s3cret", ""),
        ("", ""),
        (None, ""),
        ("?" + "&".join(["x=1"] * 200) + "&key=s3cret", ""),
    ],
)
def test_srs_carries_the_key_in_the_query(param: str | None, key: str) -> None:
    """A plus sign is part of the key: base64 has it, and OBS sends it."""
    assert (key,) * bool(key) == read_srs(srs_body(param=param)).keys


def test_fields_that_srs_adds_or_leaves_out_make_no_difference() -> None:
    """Versions differ in `service_id`, `ip`, `param` and `tcUrl`, and will differ in more."""
    hook = read_srs(srs_body(stream=None, service_id="x", from_the_future={"a": [1]}))
    assert Hook("publish", "live", Publisher("c1", "", ""), (), NO_NAME) == hook


def test_an_integer_is_a_client_id_too() -> None:
    """SRS before 3.0 numbered its clients."""
    assert read_srs(srs_body(client_id=1985)).publisher.client_id == "1985"


@pytest.mark.parametrize("field", ["action", "client_id", "app"])
def test_a_missing_field_is_named(field: str) -> None:
    """So the log shows which field a new version of the server has changed."""
    with pytest.raises(HookError, match=f"not a hook of SRS: .*{field}"):
        read_srs(srs_body(**{field: None}))


@pytest.mark.parametrize("client_id", ["", "../../x", "a b", "a\nb", "x" * 101])
def test_a_client_id_that_is_not_one_word_is_refused(client_id: str) -> None:
    """It becomes part of a URL of the server's API."""
    with pytest.raises(HookError, match="its client id is not valid"):
        read_srs(srs_body(client_id=client_id))


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("", ""),
        ("unix:/run/x", "unknown"),
        ("192.0.2.1\npublish refused: wrong key from 203.0.113.9", "unknown"),
        ("fe80::1%\x1b]0;title\x07", "unknown"),
        ("\u202e1.2.0.291", "unknown"),
    ],
)
def test_an_address_is_an_address_or_unknown(address: str, read: str) -> None:
    """It becomes part of the line that fail2ban reads, and of what `status` shows."""
    assert read_srs(srs_body(ip=address)).publisher.address == read
    form = urlencode({"call": "publish", "app": "live", "name": "main", "clientid": "1", "addr": address})
    assert read_nginx(form.encode()).publisher.address == read


def test_nginx_sends_the_key_as_a_further_field() -> None:
    """OBS's stream key was `main?key=s3cret%2Fwith%26signs&x=1`."""
    assert Hook("publish", "live", Publisher("2", "main", "127.0.0.1"), ("s3cret/with&signs",)) == nginx_hook(
        0
    )


def test_nginx_plays() -> None:
    """Its kind says that it is a player."""
    assert (nginx_hook(1).kind, nginx_hook(1).publisher.stream) == ("play", "main")


def test_nginx_publishes_without_a_key() -> None:
    """No query, no key."""
    assert Hook("publish", "live", Publisher("8", "plain", "127.0.0.1")) == nginx_hook(2)


def test_nginx_sends_the_same_id_at_the_end() -> None:
    """By its id a late unpublish differs from a current unpublish."""
    assert Hook("unpublish", "live", Publisher("8", "plain", "127.0.0.1")) == nginx_hook(3)


@pytest.mark.parametrize("number", [5, 6])
def test_a_publisher_of_nginx_cannot_forge_its_identity(number: int) -> None:
    """Its key was `forged?key=a+b&clientid=2&addr=192.0.2.66&name=main&call=publish_done&app=x`."""
    hook = nginx_hook(number)
    assert Publisher("13", "forged", "127.0.0.1") == hook.publisher
    assert (hook.application, hook.keys) == ("live", ("a+b",))


def test_the_end_of_a_stream_without_a_name_is_that_of_the_url() -> None:
    """The whole URL was typed as the server: nginx-rtmp leaves an empty name out of `publish_done`."""
    form = b"app=live&tcurl=rtmp://h/live/main?key=k&addr=192.0.2.7&clientid=5&call=publish_done"
    hook = read_nginx(form)
    assert (hook.kind, hook.publisher) == ("unpublish", Publisher("5", "main", "192.0.2.7"))


@pytest.mark.parametrize("field", ["call", "app", "clientid"])
def test_a_form_without_a_required_field_is_refused(field: str) -> None:
    """The message names the field."""
    fields = nginx_hooks()[0]["body"].split("&")
    form = "&".join(field_ for field_ in fields if not field_.startswith(f"{field}="))
    with pytest.raises(HookError, match=f"not a hook of nginx-rtmp: {field}$"):
        read_nginx(form.encode())


def test_a_hook_shows_neither_key_nor_stream() -> None:
    """Some users type the key in place of the stream's name; both stay out of logs."""
    shown = repr(read_srs(srs_body(stream="live_123_secret", param="?key=s3cret")))
    assert "secret" not in shown
    assert "s3cret" not in shown


@given(st.binary(max_size=300))
def test_garbage_is_refused(garbage: bytes) -> None:
    """Neither reader raises anything but HookError."""
    for read in (read_srs, read_nginx):
        with pytest.raises(HookError):
            read(garbage)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ("action", "client_id", "app", "stream", "param", "ip", "tcUrl")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)) | JSON)
def test_json_of_the_wrong_shape_is_refused(value: Any) -> None:
    """Any JSON is a hook or a HookError."""
    with suppress(HookError):
        read_srs(json.dumps(value).encode())


@given(st.lists(st.tuples(st.sampled_from(["call", "app", "name", "clientid", "key", "x"]), st.text())))
def test_forms_of_any_kind_are_hooks_or_refused(fields: list[tuple[str, str]]) -> None:
    """The first field of each name counts."""
    form = "&".join(f"{name}={value}" for name, value in fields).encode("utf-8", "surrogatepass")
    try:
        hook = read_nginx(form)
    except HookError:
        return
    stated = parse_qs(form.decode().replace("+", "%2B"), keep_blank_values=True)
    assert stated["clientid"][0] == hook.publisher.client_id
