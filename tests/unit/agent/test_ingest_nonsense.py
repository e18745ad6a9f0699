"""Answers of an ingest server that make no sense, or mean harm."""

import asyncio
import gzip
from collections.abc import AsyncIterator
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
    NginxRtmp,
    Srs,
    srs_accepted,
    srs_publishers,
)
from restream_agent.agent.situation import Publisher
from restream_agent.base.errors import RestreamError
from tests.unit.agent.asked_servers import CLIENTS, OBS, STREAMS, Answer, ask, recorded
from tests.unit.agent.recorded import srs_answer


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
    assert srs_publishers(clients, srs_accepted(srs_answer(STREAMS))) == (replace(OBS, address="unknown"),)


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
