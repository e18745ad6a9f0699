"""What the agent asks the ingest servers, and what it takes from answers as they were recorded."""

from typing import Any

import httpx
import pytest

from restream_agent.agent.ingest_api import (
    MOST_LISTED,
    IngestServer,
    NginxRtmp,
    Srs,
    connect,
    nginx_publishers,
    srs_accepted,
)
from restream_agent.agent.situation import Publisher
from tests.unit.agent.asked_servers import OBS, STREAMS, ask, recorded
from tests.unit.agent.recorded import srs_answer


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


@pytest.mark.parametrize("publish", [{"active": False}, {"active": False, "cid": OBS.client_id}])
def test_a_client_whose_stream_is_inactive_is_not_a_publisher(publish: dict[str, Any]) -> None:
    """While its `on_publish` or `on_unpublish` is being answered. SRS lists it as a client all the same."""
    streams = srs_answer(STREAMS)
    for stream in streams["streams"]:
        stream["publish"] = publish
    assert srs_accepted(streams) == frozenset()


def test_without_an_accepted_publisher_srs_is_not_asked_for_clients() -> None:
    """The agent asks every few seconds, also while nobody publishes."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"streams": []})

    assert ask(Srs, answer, lambda server: server.publishers()) == ()
    assert asked == [STREAMS]


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
        return httpx.Response(status, json={"clients": clients, "streams": srs_answer(STREAMS)["streams"]})

    async def cut(server: IngestServer) -> None:
        await server.publishers()
        clients[1]["id"] = "p2"
        await server.cut("main")

    ask(Srs, answer, cut)
    assert asked[2:] == ["DELETE /clients/p1", "DELETE /clients/left", "GET /clients/", "DELETE /clients/p2"]


@pytest.mark.parametrize(("name", "kind"), [("srs", Srs), ("nginx-rtmp", NginxRtmp)])
def test_each_server_has_its_class(name: str, kind: type[Srs | NginxRtmp]) -> None:
    """By its name in the TOML."""
    assert isinstance(connect(name, "http://127.0.0.1:1985", "key"), kind)
