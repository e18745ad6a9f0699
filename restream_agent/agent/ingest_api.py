"""The ingest server's list of publishers, and its means to disconnect clients.

SRS has an HTTP API (recorded answers: tests/data/), nginx-rtmp a stat page and a control module.

Both servers repeat in their lists what a client says of itself (pageUrl, swfUrl), with any bytes, before its
key is checked. So bytes that JSON or XML do not allow are accepted here, and no stranger can make a list
unreadable.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol
from xml.etree import ElementTree as ET

from restream_agent.agent.identity import read_publisher
from restream_agent.agent.situation import Publisher
from restream_agent.base.channel_keys import API_USER
from restream_agent.base.errors import RestreamError
from restream_agent.base.http_library import httpx
from restream_agent.base.one_line import printable

_TIMEOUT = 2.0
"""Seconds for a whole answer. On loopback it takes milliseconds. SRS waits 30 s for the agent's answer to a
hook, nginx-rtmp 10 s."""

LARGEST_ANSWER = 4 * 1024 * 1024
"""Bytes. SRS has some 600 for each client, plus what clients say of themselves, as much as they like."""

MOST_LISTED = 10_000
"""Rows of SRS's lists. Clients of refused publishers are listed too, and OBS must not be the one left out."""

_APPLICATION = "live"

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class IngestServer(Protocol):
    """The requests that the agent makes to either server."""

    async def publishers(self) -> tuple[Publisher, ...]:
        """Return the publishers of the application; RestreamError if the server does not answer."""
        ...

    async def drop(self, publisher: Publisher) -> None:
        """Disconnect a publisher; RestreamError if the server does not do it."""
        ...

    async def cut(self, stream: str) -> None:
        """Disconnect all players of a stream; RestreamError if the server does not do it."""
        ...


class Srs:
    """SRS's HTTP API."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """`client` has the base URL of the API."""
        self._client = client
        self._players: dict[str, tuple[str, ...]] = {}

    async def publishers(self) -> tuple[Publisher, ...]:
        """Return the publishing clients. Without an accepted one the clients are not asked for."""
        answer = await _ask(self._client, "GET", "/api/v1/streams/", _EVERYTHING)
        with _sense("SRS's list of streams makes no sense"):
            accepted = srs_accepted(_json(answer))
        if not accepted:
            self._players = {}
            return ()
        answer = await _ask(self._client, "GET", "/api/v1/clients/", _EVERYTHING)
        with _sense("SRS's list of clients makes no sense"):
            clients = _json(answer)
            publishers = srs_publishers(clients, accepted)
            self._players = srs_players(clients)
            return publishers

    async def drop(self, publisher: Publisher) -> None:
        """Delete the client."""
        await self._delete(publisher.client_id)

    async def cut(self, stream: str) -> None:
        """Delete the stream's players: first those that were listed last, since a list takes 10 ms."""
        gone = set()
        for player in self._players.pop(stream, ()):
            with suppress(RestreamError):  # it has left since
                await self._delete(player)
                gone.add(player)
        answer = await _ask(self._client, "GET", "/api/v1/clients/", _EVERYTHING)
        with _sense("SRS's list of clients makes no sense"):
            players = srs_players(_json(answer)).get(stream, ())
        for player in players:
            if player not in gone:
                await self._delete(player)

    async def _delete(self, client: str) -> None:
        await _ask(self._client, "DELETE", f"/api/v1/clients/{client}", {})


_EVERYTHING = {"start": "0", "count": str(MOST_LISTED)}
"""SRS lists ten rows by default."""


@contextmanager
def _sense(complaint: str) -> Iterator[None]:
    """Turn what an answer of the wrong shape raises into a RestreamError."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RestreamError(f"{complaint}: {printable(repr(error))[:200]}") from error


def _json(answer: bytes) -> Any:
    """Parse an answer; ValueError if it is not JSON."""
    return json.loads(answer.decode("utf-8", "replace"), strict=False)


def _complete(rows: list[Any]) -> list[Any]:
    """Return a list's rows; ValueError if the server may have more of them."""
    if len(rows) >= MOST_LISTED:
        raise ValueError("the list is too long")
    return rows


def srs_players(clients: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the ids of each stream's players from the answer of /api/v1/clients/.

    Raises ValueError, KeyError, TypeError or AttributeError if the answer is something else.
    """
    players: dict[str, tuple[str, ...]] = {}
    for client in _complete(clients["clients"]):
        application, _, stream = str(client.get("url", "")).removeprefix("/").partition("/")
        if application == _APPLICATION and not client.get("publish"):
            player = read_publisher(str(client["id"]), stream, "").client_id
            players[stream] = (*players.get(stream, ()), player)
    return players


def srs_accepted(streams: dict[str, Any]) -> frozenset[str]:
    """Return the ids of the clients that were accepted as publishers, from the answer of /api/v1/streams/.

    Raises ValueError, KeyError, TypeError or AttributeError if the answer is something else.
    """
    return frozenset(
        str(stream["publish"]["cid"])
        for stream in _complete(streams["streams"])
        if stream["app"] == _APPLICATION and stream["publish"]["active"]
    )


def srs_publishers(clients: dict[str, Any], accepted: frozenset[str]) -> tuple[Publisher, ...]:
    """Return the publishers from the answer of /api/v1/clients/, given the ids of srs_accepted().

    SRS also lists clients as publishing that are not accepted yet, or were just refused (measured with
    6.0.157). Only the streams show which clients were accepted.

    Raises ValueError, KeyError, TypeError or AttributeError if the answer is something else.
    """
    return tuple(
        read_publisher(str(client["id"]), str(client["name"]), str(client.get("ip", "")))
        for client in _complete(clients["clients"])
        if client.get("publish") and str(client["id"]) in accepted
    )


class NginxRtmp:
    """nginx-rtmp's stat page and control module."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """`client` has the base URL of nginx's http side."""
        self._client = client

    async def publishers(self) -> tuple[Publisher, ...]:
        """Return the publishing clients of the stat page."""
        answer = await _ask(self._client, "GET", "/stat", {})
        with _sense("nginx-rtmp's stat page makes no sense"):
            return nginx_publishers(answer.decode("utf-8", "replace"))

    async def drop(self, publisher: Publisher) -> None:
        """Drop the client by its id, which spares a new publisher of the same name."""
        query = {"app": _APPLICATION, "name": publisher.stream, "clientid": publisher.client_id}
        await _ask(self._client, "GET", "/control/drop/publisher", query)

    async def cut(self, stream: str) -> None:
        """Drop the stream's subscribers."""
        query = {"app": _APPLICATION, "name": stream}
        await _ask(self._client, "GET", "/control/drop/subscriber", query)


def nginx_publishers(page: str) -> tuple[Publisher, ...]:
    """Return the publishers on the stat page; ValueError if it is not XML, or if an id is no word."""
    publishers = []
    try:
        # The page is from our own nginx on loopback, and expat limits the expansion of entities.
        root = ET.fromstring(_NOT_XML.sub("\ufffd", page))  # noqa: S314
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    for application in root.iter("application"):
        if application.findtext("name") != _APPLICATION:
            continue
        for stream in application.iter("stream"):
            name = stream.findtext("name") or ""
            for client in stream.iter("client"):
                if client.find("publishing") is not None:
                    identity, address = client.findtext("id") or "", client.findtext("address") or ""
                    publishers.append(read_publisher(identity, name, address))
    return tuple(publishers)


async def _ask(client: httpx.AsyncClient, method: str, path: str, query: dict[str, str]) -> bytes:
    """Return the body of an answer; RestreamError if there is none, or if it is late or too large."""
    try:
        async with (
            asyncio.timeout(_TIMEOUT),
            client.stream(method, path, params=query, timeout=_TIMEOUT, headers=_PLAIN) as answer,
        ):
            answer.raise_for_status()
            return await _body(answer)
    except (httpx.HTTPError, TimeoutError) as error:
        message = f"the ingest server does not answer {path}: {printable(repr(error))}"
        raise RestreamError(message) from error


_PLAIN = {"accept-encoding": "identity"}


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    if "content-encoding" in answer.headers:  # a small answer could unpack to a large one
        raise RestreamError("the ingest server's answer is packed, though that was not asked for")
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > LARGEST_ANSWER:
            raise RestreamError(f"the ingest server's answer has more than {LARGEST_ANSWER} bytes")
    return bytes(body)


def connect(server: str, api: str, key: str) -> IngestServer:
    """Return the ingest server at the base URL `api`; `server` is "srs" or "nginx-rtmp".

    `key` is for an API that asks for it (HookCredentials.api_key).
    """
    kinds: dict[str, Callable[[httpx.AsyncClient], IngestServer]] = {"srs": Srs, "nginx-rtmp": NginxRtmp}
    # Proxies and .netrc in the environment do not apply to loopback.
    return kinds[server](httpx.AsyncClient(base_url=api, trust_env=False, auth=(API_USER, key)))
