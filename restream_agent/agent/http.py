"""The HTTP side of the agent: hooks in, answers out, and the status for whoever asks on loopback.

Every hook carries the token that apply generated. What is refused changes nothing and is logged
without the key; a refused key is logged in one stable line with the address.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from restream_agent.agent.hook_formats import Hook, HookError, read_nginx, read_srs
from restream_agent.agent.key_throttle import KeyThrottle
from restream_agent.systemd.unit_names import is_instance

log = logging.getLogger(__name__)

LARGEST_BODY = 16 * 1024
"""Bytes. A hook of SRS has under 1 KiB."""

MOST_WAITING = 1000
"""Refusals that may be waiting at a time: as many as the ingest server has connections, some KiB each."""

EXPOSITION = "text/plain; version=0.0.4"
"""The content type of Prometheus's text format; Starlette adds the charset."""

_APPLICATION = "live"
_ROUTES = {"on_publish": "publish", "on_unpublish": "unpublish", "on_play": "play"}


@dataclass(frozen=True)
class Door:
    """Who gets in: the token of the hooks and the publisher's key, None for any."""

    token: str
    key: str | None

    def __repr__(self) -> str:
        """Show nothing of either."""
        return "Door(…)"

    def knows_token(self, token: str) -> bool:
        """Compare in constant time."""
        return secrets.compare_digest(token.encode(), self.token.encode())

    def knows_key(self, key: str) -> bool:
        """Compare in constant time."""
        return self.key is None or secrets.compare_digest(key.encode(), self.key.encode())


@dataclass(frozen=True)
class Handlers:
    """What the daemon does: `publish` returns why it refuses, "" if it does not.

    `problems` returns in words what is wrong, nothing if all is well; `metrics` what Prometheus reads,
    nothing before the first look.
    """

    publish: Callable[[Hook], Awaitable[str]]
    unpublish: Callable[[Hook], Awaitable[None]]
    status: Callable[[], Awaitable[Mapping[str, Any]]]
    problems: Callable[[], tuple[str, ...]]
    metrics: Callable[[], bytes]


def application(door: Door, handlers: Handlers) -> Starlette:
    """Return the ASGI application."""
    listener = _Listener(door, handlers)
    routes = [Route(f"/api/{name}", listener.hook, methods=["POST"]) for name in _ROUTES]
    routes.append(Route("/api/status", listener.status))
    routes.append(Route("/healthz", listener.health))
    routes.append(Route("/metrics", listener.metrics))
    return Starlette(routes=routes)


class _Listener:
    def __init__(self, door: Door, handlers: Handlers) -> None:
        self._door = door
        self._handlers = handlers
        self._slowdown = KeyThrottle()
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
        if not self._door.knows_token(request.query_params.get("token", "")):
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
            log.warning("hook refused: its action does not belong to its path")
            return _refused(400)
        return await self._decide(hook)

    async def _read(self, request: Request) -> Hook:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise HookError(f"a body above {LARGEST_BODY} bytes")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            return read_srs(body)
        if kind == "application/x-www-form-urlencoded":
            return read_nginx(body)
        raise HookError("neither JSON nor a form by its content type")

    async def _decide(self, hook: Hook) -> Response:
        publisher = hook.publisher
        if hook.kind == "play" or hook.application != _APPLICATION:
            return _refused(403)
        if hook.kind == "unpublish":
            if is_instance(publisher.stream):  # no other was ever accepted
                await self._handlers.unpublish(hook)
            return _accepted()
        if not self._door.knows_key(hook.key):
            return await self._turn_away(publisher.address)
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

    async def _turn_away(self, address: str) -> Response:
        """Refuse a wrong key, late: others, and the right key from the same address, go past meanwhile.

        examples/fail2ban/ reads this line; it comes at once.
        """
        log.warning("publish refused: wrong key from %s", address)
        wait = self._slowdown.wait(address, time.monotonic())
        if wait and self._waiting < MOST_WAITING:
            self._waiting += 1
            try:
                await asyncio.sleep(wait)
            finally:
                self._waiting -= 1
        return _refused(403)


def _accepted() -> Response:
    """Both servers take this: SRS wants the JSON, nginx-rtmp the status."""
    return JSONResponse({"code": 0})


def _refused(status: int) -> Response:
    return JSONResponse({"code": status}, status)
