"""An ingest server's API that answers as a test says, or as the recorded servers did."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from restream_agent.agent.ingest_api import IngestServer, NginxRtmp, Srs
from restream_agent.agent.situation import Publisher
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
