"""The agent's HTTP application: it answers hooks, and requests for the status, on loopback.

Every hook carries the token that `restream-agent apply` generated. A refused hook changes nothing and is
logged without its key. A wrong key is logged in one stable line with the client's address.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from restream_agent.agent.credentials import HookCredentials
from restream_agent.agent.hook_formats import Hook, HookError, read_nginx, read_srs
from restream_agent.agent.key_throttle import KeyThrottle
from restream_agent.systemd.unit_names import is_instance

log = logging.getLogger(__name__)

LARGEST_BODY = 16 * 1024
"""Bytes. A hook of SRS has less than 1 KiB."""

MOST_WAITING = 1000
"""Refusals that may wait at the same time, each a few KiB. The ingest server has as many connections."""

EXPOSITION = "text/plain; version=0.0.4"
"""The content type of Prometheus's text format. Starlette adds the charset."""

_APPLICATION = "live"
_ROUTES = {"on_publish": "publish", "on_unpublish": "unpublish", "on_play": "play"}


@dataclass(frozen=True)
class Handlers:
    """The functions that answer requests.

    `publish` returns the reason for refusing a hook, or "" to accept it. `problems` returns a sentence for
    each problem. `metrics` returns the text for Prometheus, which is empty until the agent is ready.
    """

    publish: Callable[[Hook], Awaitable[str]]
    unpublish: Callable[[Hook], Awaitable[None]]
    status: Callable[[], Awaitable[Mapping[str, Any]]]
    problems: Callable[[], tuple[str, ...]]
    metrics: Callable[[], bytes]


def application(credentials: HookCredentials, handlers: Handlers) -> Starlette:
    """Return the ASGI application."""
    listener = _Listener(credentials, handlers)
    routes = [Route(f"/api/{name}", listener.hook, methods=["POST"]) for name in _ROUTES]
    routes.append(Route("/api/status", listener.status))
    routes.append(Route("/healthz", listener.health))
    routes.append(Route("/metrics", listener.metrics))
    return Starlette(routes=routes)


class _Listener:
    def __init__(self, credentials: HookCredentials, handlers: Handlers) -> None:
        self._credentials = credentials
        self._handlers = handlers
        self._throttle = KeyThrottle()
        self._waiting = 0

    async def status(self, _: Request) -> Response:
        return JSONResponse(dict(await self._handlers.status()))

    async def health(self, _: Request) -> Response:
        problems = self._handlers.problems()
        words = "".join(f"{problem}\n" for problem in problems)
        return PlainTextResponse(words or "ok\n", 503 if problems else 200)

    async def metrics(self, _: Request) -> Response:
        metrics = self._handlers.metrics()
        return Response(metrics, media_type=EXPOSITION) if metrics else PlainTextResponse("not ready\n", 503)

    async def hook(self, request: Request) -> Response:
        if not self._credentials.is_token(request.query_params.get("token", "")):
            log.warning("hook refused: no valid token")
            return _refused(403)
        try:
            hook = await self._read(request)
        except HookError as error:
            log.warning("hook refused: %s", error)
            return _refused(400)
        except ClientDisconnect:
            return _refused(400)
        if hook.kind != _ROUTES[request.url.path.rpartition("/")[2]]:
            log.warning("hook refused: its action does not match its path")
            return _refused(400)
        return await self._answer(hook)

    async def _read(self, request: Request) -> Hook:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise HookError(f"its body is larger than {LARGEST_BODY} bytes")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            return read_srs(body)
        if kind == "application/x-www-form-urlencoded":
            return read_nginx(body)
        raise HookError("its content type is neither JSON nor a form")

    async def _answer(self, hook: Hook) -> Response:
        publisher = hook.publisher
        if hook.kind == "publish" and hook.application != _APPLICATION:
            # The application is not quoted: users put keys into it.
            words = "publish refused: from %s, its application is not %s"
            log.warning(words, publisher.address, _APPLICATION)
        if hook.kind == "play" or hook.application != _APPLICATION:
            return _refused(403)
        if hook.kind == "unpublish":
            if is_instance(publisher.stream):  # no other stream is ever accepted
                await self._handlers.unpublish(hook)
            return _accepted()
        if not self._credentials.is_key(hook.key):
            return await self._refuse_wrong_key(publisher.address)
        if not is_instance(publisher.stream):
            log.warning(
                "publish refused: from %s, the stream's name has characters other than A-Z a-z 0-9 _ . -",
                publisher.address,
            )
            return _refused(403)
        refusal = await self._handlers.publish(hook)
        if refusal:
            log.warning("publish refused: from %s, %s", publisher.address, refusal)
            return _refused(403)
        return _accepted()

    async def _refuse_wrong_key(self, address: str) -> Response:
        """Refuse a wrong key after a pause, which delays no other hook, from the same address or another.

        The line is logged at once; examples/fail2ban/ reads it.
        """
        log.warning("publish refused: wrong key from %s", address)
        wait = self._throttle.wait(address, time.monotonic())
        if wait and self._waiting < MOST_WAITING:
            self._waiting += 1
            try:
                await asyncio.sleep(wait)
            finally:
                self._waiting -= 1
        return _refused(403)


def _accepted() -> Response:
    """Return the answer that both servers take as yes: SRS by its JSON, nginx-rtmp by its status."""
    return JSONResponse({"code": 0})


def _refused(status: int) -> Response:
    return JSONResponse({"code": status}, status)
