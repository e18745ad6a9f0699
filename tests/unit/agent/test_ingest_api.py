"""The servers' lists of publishers, as recorded, and answers that make no sense."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.agent import ingest_api
from restream_agent.agent.ingest_api import (
    LARGEST_ANSWER,
    MOST_LISTED,
    IngestServer,
    NginxRtmp,
    Srs,
    connect,
    nginx_publishers,
    srs_publishers,
)
from restream_agent.agent.situation import Publisher
from restream_agent.base.errors import RestreamError
from tests.unit.agent.recorded import nginx_stat, srs_answer

OBS = Publisher("n8597611", "obs-key", "127.0.0.1")
CLIENTS, STREAMS = "/api/v1/clients/", "/api/v1/streams/"

Answer = Callable[[httpx.Request], httpx.Response]


def ask(
    server: type[Srs | NginxRtmp],
    answer: Answer,
    question: Callable[[IngestServer], Coroutine[Any, Any, Any]],
) -> Any:
    """Ask a server that answers as given."""

    async def talk() -> Any:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1985") as client:
            return await question(server(client))

    return asyncio.run(talk())


def recorded(request: httpx.Request) -> httpx.Response:
    """Answer as the recorded servers did."""
    if request.url.path == "/stat":
        return httpx.Response(200, text=nginx_stat())
    return httpx.Response(200, json=srs_answer(request.url.path))


def test_srs_lists_the_publishers_of_live() -> None:
    """Neither the player nor the publisher of another application is in the list."""
    assert ask(Srs, recorded, lambda server: server.publishers()) == (OBS,)


def test_srs_is_asked_for_more_than_its_ten_rows() -> None:
    """Without `count` a list has ten rows."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return recorded(request)

    ask(Srs, answer, lambda server: server.publishers())
    assert {("0", str(MOST_LISTED))} == {
        (request.url.params["start"], request.url.params["count"]) for request in asked
    }


def test_a_client_that_srs_has_not_accepted_yet_is_not_a_publisher() -> None:
    """While its hook is being answered, SRS lists it as a client, with an inactive stream."""
    streams = srs_answer(STREAMS)
    for stream in streams["streams"]:
        stream["publish"] = {"active": False}
    assert srs_publishers(srs_answer(CLIENTS), streams) == ()


def test_a_client_that_has_just_left_srs_is_not_a_publisher() -> None:
    """While `on_unpublish` is being answered, the stream still names the client, but is inactive."""
    streams = srs_answer(STREAMS)
    for stream in streams["streams"]:
        stream["publish"]["active"] = False
    assert srs_publishers(srs_answer(CLIENTS), streams) == ()


def test_nginx_lists_the_publishers_of_live() -> None:
    """Neither the player nor the publisher of another application is in the list."""
    publishers = ask(NginxRtmp, recorded, lambda server: server.publishers())
    assert publishers == (Publisher("2", "main", "127.0.0.1"),)


def test_nginx_without_streams_lists_no_publisher() -> None:
    """The page of an idle server."""
    application = "<application><name>live</name><live><nclients>0</nclients></live></application>"
    assert nginx_publishers(f"<rtmp><server>{application}</server></rtmp>") == ()


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (Srs, ("DELETE", "/api/v1/clients/n8597611")),
        (NginxRtmp, ("GET", "/control/drop/publisher?app=live&name=obs-key&clientid=n8597611")),
    ],
)
def test_a_publisher_is_dropped_by_its_id(server: type[Srs | NginxRtmp], expected: tuple[str, str]) -> None:
    """This spares another publisher of the same name."""
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.raw_path.decode()))
        return httpx.Response(200)

    ask(server, answer, lambda server: server.drop(OBS))
    assert [expected] == [(method, path.removesuffix("?")) for method, path in asked]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (NginxRtmp, [("GET", "/control/drop/subscriber?app=live&name=main")]),
        (Srs, [("GET", "/api/v1/clients/?start=0&count=10000"), ("DELETE", "/api/v1/clients/p1")]),
    ],
)
def test_only_the_players_of_a_stream_are_disconnected(
    server: type[Srs | NginxRtmp], expected: list[tuple[str, str]]
) -> None:
    """Neither its publisher nor a player of another stream is."""
    asked: list[tuple[str, str]] = []
    clients = [
        {"id": "p1", "url": "/live/main", "publish": False},
        {"id": "o1", "url": "/live/main", "publish": True},
        {"id": "p2", "url": "/live/other", "publish": False},
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.raw_path.decode().removesuffix("?")))
        return httpx.Response(200, json={"clients": clients})

    ask(server, answer, lambda server: server.cut("main"))
    assert asked == expected


def test_the_players_that_srs_listed_last_are_disconnected_first() -> None:
    """Then those that have come since. One that has left is no error."""
    asked: list[str] = []
    clients = [{"id": each, "url": "/live/main", "publish": False} for each in ("p1", "left")]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path.removeprefix('/api/v1')}")
        status = 404 if request.url.path.endswith("/left") else 200
        return httpx.Response(status, json={"clients": clients, "streams": []})

    async def cut(server: IngestServer) -> None:
        await server.publishers()
        clients[1]["id"] = "p2"
        await server.cut("main")

    ask(Srs, answer, cut)
    assert asked[2:] == ["DELETE /clients/p1", "DELETE /clients/left", "GET /clients/", "DELETE /clients/p2"]


def refuse(request: httpx.Request) -> httpx.Response:
    """Answer as a server that does not run."""
    raise httpx.ConnectError("connection refused", request=request)


def hang(request: httpx.Request) -> httpx.Response:
    """Answer as a server that takes too long."""
    raise httpx.ReadTimeout("too long", request=request)


NONSENSE: dict[str, Answer] = {
    "not running": refuse,
    "too slow": hang,
    "an error": lambda _: httpx.Response(500),
    "a redirect": lambda _: httpx.Response(302, headers={"location": "http://192.0.2.1/"}),
    "empty": lambda _: httpx.Response(200),
    "not utf-8": lambda _: httpx.Response(200, content=b"\xff\xfe\x00<"),
    "cut short": lambda _: httpx.Response(200, text='{"clients": [{"id"'),
    "another page": lambda _: httpx.Response(200, text="<html><p>It works!"),
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE.keys())
@pytest.mark.parametrize("server", [Srs, NginxRtmp])
def test_an_answer_that_makes_no_sense_is_an_error_and_not_an_empty_list(
    server: type[Srs | NginxRtmp], answer: Answer
) -> None:
    """An empty list would end a broadcast."""
    with pytest.raises(RestreamError, match=r"does not answer|no sense"):
        ask(server, answer, lambda server: server.publishers())


def many(request: httpx.Request) -> httpx.Response:
    """Answer with as many rows as were asked for: OBS may be in the rest."""
    name = request.url.path.strip("/").rpartition("/")[2]
    return httpx.Response(200, json={name: [None] * MOST_LISTED})


HOSTILE: dict[str, Answer] = {
    "endless": lambda _: httpx.Response(200, content=b" " * (LARGEST_ANSWER + 1)),
    "packed": lambda _: httpx.Response(
        200, content=gzip.compress(b" " * 9), headers={"content-encoding": "gzip"}
    ),
    "nested": lambda _: httpx.Response(200, text="[" * 100_000),
}


@pytest.mark.parametrize(
    ("server", "answer"),
    [(Srs, many), *((server, answer) for server in (Srs, NginxRtmp) for answer in HOSTILE.values())],
)
def test_an_answer_beyond_all_bounds_is_an_error(server: type[Srs | NginxRtmp], answer: Answer) -> None:
    """It costs neither the agent's memory nor the broadcast."""
    with pytest.raises(RestreamError):
        ask(server, answer, lambda server: server.publishers())


def test_an_answer_that_drips_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then would hold the agent for ever: the limit is for the whole answer."""
    monkeypatch.setattr(ingest_api, "_TIMEOUT", 0.3)

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    with pytest.raises(RestreamError, match="does not answer"):
        ask(NginxRtmp, lambda _: httpx.Response(200, content=drip()), lambda server: server.publishers())


@pytest.mark.parametrize("address", ["127.0.0.1\npublish refused", "\x1b[2J", "\u202e1.0.0.721", "x" * 200])
def test_an_address_that_is_none_is_unknown(address: str) -> None:
    """It is shown on terminals and in the journal."""
    clients = srs_answer(CLIENTS)
    for client in clients["clients"]:
        client["ip"] = address
    assert srs_publishers(clients, srs_answer(STREAMS)) == (replace(OBS, address="unknown"),)


STRANGE = b"\x01\x1b\x7f\xff\xed\xa0\x80"


def test_what_a_client_says_of_itself_does_not_hide_other_clients() -> None:
    """SRS repeats its pageUrl and nginx-rtmp its flashver, with bytes that JSON and XML do not allow."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = recorded(request).content
        marks = {CLIENTS: b'"pageUrl":"', "/stat": b"<flashver>"}
        mark = marks.get(request.url.path, b"no such mark")
        assert request.url.path not in marks or mark in body
        return httpx.Response(200, content=body.replace(mark, mark + STRANGE))

    for server in (Srs, NginxRtmp):
        there: tuple[Publisher, ...] = ask(server, recorded, lambda server: server.publishers())
        assert there
        assert there == ask(server, answer, lambda server: server.publishers())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["clients", "streams", "publish", "active", "cid", "id", "app"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_json_of_any_shape_is_a_list_or_an_error(clients: Any, streams: Any) -> None:
    """The only error is RestreamError."""
    bodies = {CLIENTS: clients, STREAMS: streams}
    try:
        ask(Srs, lambda it: httpx.Response(200, json=bodies[it.url.path]), lambda server: server.publishers())
    except RestreamError as error:
        assert "no sense" in error.message  # noqa: PT017 - that it raises at all is not the fact here


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_a_page_that_is_not_xml_is_an_error(page: str) -> None:
    """Garbage is not an empty list of publishers."""
    with pytest.raises(RestreamError, match="no sense"):
        ask(NginxRtmp, lambda _: httpx.Response(200, text=page), lambda server: server.publishers())


@pytest.mark.parametrize(("name", "kind"), [("srs", Srs), ("nginx-rtmp", NginxRtmp)])
def test_each_server_has_its_class(name: str, kind: type[Srs | NginxRtmp]) -> None:
    """By its name in the TOML."""
    assert isinstance(connect(name, "http://127.0.0.1:1985", "key"), kind)
