"""The ingest server's list of publishers, and its means to disconnect clients.

SRS has an HTTP API (recorded answers: tests/data/), nginx-rtmp a stat page and a control module.

Both servers repeat in their lists what a client says of itself (pageUrl, swfUrl), with any bytes, before its
key is checked. So bytes that JSON or XML do not allow are accepted here, and no stranger can make a list
unreadable.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Protocol
from xml.etree import ElementTree as ET

import httpx

from restream_agent.agent.decide import Publisher
from restream_agent.base.errors import RestreamError

_TIMEOUT = 2.0
"""Seconds. On loopback an answer takes milliseconds. SRS waits 30 s for the agent's answer to a hook."""

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

    async def publishers(self) -> tuple[Publisher, ...]:
        """Return the publishing clients. `count` is given because SRS lists ten by default."""
        everything = {"start": "0", "count": "1000"}
        clients = await _ask(self._client, "GET", "/api/v1/clients/", everything)
        streams = await _ask(self._client, "GET", "/api/v1/streams/", everything)
        try:
            return srs_publishers(_json(clients), _json(streams))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RestreamError(f"SRS's lists of clients and streams make no sense: {error!r}") from error

    async def drop(self, publisher: Publisher) -> None:
        """Delete the client."""
        await _ask(self._client, "DELETE", f"/api/v1/clients/{publisher.client_id}", {})

    async def cut(self, stream: str) -> None:
        """Delete the stream's players."""
        answer = await _ask(self._client, "GET", "/api/v1/clients/", {"start": "0", "count": "1000"})
        try:
            players = srs_players(_json(answer), stream)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RestreamError(f"SRS's list of clients makes no sense: {error!r}") from error
        for player in players:
            await _ask(self._client, "DELETE", f"/api/v1/clients/{player}", {})


def _json(answer: httpx.Response) -> Any:
    """Parse an answer; ValueError if it is not JSON."""
    return json.loads(answer.content.decode("utf-8", "replace"), strict=False)


def srs_players(clients: dict[str, Any], stream: str) -> tuple[str, ...]:
    """Return the ids of a stream's players from the answer of /api/v1/clients/.

    Raises KeyError, TypeError or AttributeError if the answer is something else.
    """
    url = f"/{_APPLICATION}/{stream}"
    return tuple(
        str(client["id"])
        for client in clients["clients"]
        if not client.get("publish") and client.get("url") == url
    )


def srs_publishers(clients: dict[str, Any], streams: dict[str, Any]) -> tuple[Publisher, ...]:
    """Return the publishers from the answers of /api/v1/clients/ and /api/v1/streams/.

    SRS also lists clients as publishing that are not accepted yet, or were just refused (measured with
    6.0.157). Only the streams show which clients were accepted.

    Raises KeyError, TypeError or AttributeError if the answers are something else.
    """
    accepted = {
        str(stream["publish"]["cid"])
        for stream in streams["streams"]
        if stream["app"] == _APPLICATION and stream["publish"]["active"]
    }
    return tuple(
        Publisher(str(client["id"]), str(client["name"]), str(client.get("ip", "")))
        for client in clients["clients"]
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
        try:
            return nginx_publishers(answer.text)
        except ET.ParseError as error:
            raise RestreamError(f"nginx-rtmp's stat page makes no sense: {error}") from error

    async def drop(self, publisher: Publisher) -> None:
        """Drop the client by its id, which spares a new publisher of the same name."""
        query = {"app": _APPLICATION, "name": publisher.stream, "clientid": publisher.client_id}
        await _ask(self._client, "GET", "/control/drop/publisher", query)

    async def cut(self, stream: str) -> None:
        """Drop the stream's subscribers."""
        query = {"app": _APPLICATION, "name": stream}
        await _ask(self._client, "GET", "/control/drop/subscriber", query)


def nginx_publishers(page: str) -> tuple[Publisher, ...]:
    """Return the publishers on the stat page; xml.etree.ElementTree.ParseError if it is not XML."""
    publishers = []
    # The page is from our own nginx on loopback, and expat limits the expansion of entities.
    for application in ET.fromstring(_NOT_XML.sub("\ufffd", page)).iter("application"):  # noqa: S314
        if application.findtext("name") != _APPLICATION:
            continue
        for stream in application.iter("stream"):
            name = stream.findtext("name") or ""
            for client in stream.iter("client"):
                if client.find("publishing") is not None:
                    identity, address = client.findtext("id") or "", client.findtext("address") or ""
                    publishers.append(Publisher(identity, name, address))
    return tuple(publishers)


async def _ask(client: httpx.AsyncClient, method: str, path: str, query: dict[str, str]) -> httpx.Response:
    try:
        answer = await client.request(method, path, params=query, timeout=_TIMEOUT)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise RestreamError(f"the ingest server does not answer {path}: {error!r}") from error
    return answer


def connect(server: str, api: str) -> IngestServer:
    """Return the ingest server at the base URL `api`; `server` is "srs" or "nginx-rtmp"."""
    kinds: dict[str, Callable[[httpx.AsyncClient], IngestServer]] = {"srs": Srs, "nginx-rtmp": NginxRtmp}
    # Proxies and .netrc in the environment do not apply to loopback.
    return kinds[server](httpx.AsyncClient(base_url=api, trust_env=False))
