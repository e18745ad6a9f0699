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
from restream_agent.agent.refusals import BAD_NAME, KEY_ALONE, NO_KEY, WRONG_KEY, Refusal, advised
from restream_agent.agent.situation import Publisher
from restream_agent.agent.typed_address import APPLICATION
from restream_agent.base.obs_words import TO_TYPE
from restream_agent.systemd.unit_names import is_instance

log = logging.getLogger(__name__)

LARGEST_BODY = 16 * 1024
"""Bytes. A hook of SRS has less than 1 KiB."""

MOST_WAITING = 1000
"""Refusals that may wait at the same time, each a few KiB. The ingest server has as many connections."""

MOST_LOOKING = 32
"""Requests for the status that may wait at the same time. A hook is never counted."""

STRANGERS_EVERY = 10.0
"""Seconds. Hooks without the token and players without a key are logged at most once in this time."""

EXPOSITION = "text/plain; version=0.0.4"
"""The content type of Prometheus's text format. Starlette adds the charset."""

_BY_KEY = (WRONG_KEY, NO_KEY, KEY_ALONE)
"""Refusals that wait, all alike: no guess is answered sooner than another, wherever it was put."""

_ROUTES = {"on_publish": "publish", "on_unpublish": "unpublish", "on_play": "play"}


@dataclass(frozen=True)
class Handlers:
    """The functions that answer requests.

    `publish` returns the reason for refusing a hook, or "" to accept it. `refused` is told of each refused
    publisher. `problems` returns a sentence for each problem. `metrics` returns
    the text for Prometheus, which is empty until the agent is ready.
    """

    publish: Callable[[Hook], Awaitable[str]]
    unpublish: Callable[[Hook], Awaitable[None]]
    status: Callable[[], Awaitable[Mapping[str, Any]]]
    problems: Callable[[], tuple[str, ...]]
    metrics: Callable[[], bytes]
    refused: Callable[[Refusal, Publisher], None]


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
        self._looking = 0
        self._stranger_logged_at = float("-inf")

    async def status(self, _: Request) -> Response:
        if self._looking >= MOST_LOOKING:
            return PlainTextResponse("too many requests at once\n", 503)
        self._looking += 1
        try:
            return JSONResponse(dict(await self._handlers.status()))
        finally:
            self._looking -= 1

    async def health(self, _: Request) -> Response:
        problems = self._handlers.problems()
        words = "".join(f"{problem}\n" for problem in problems)
        return PlainTextResponse(words or "ok\n", 503 if problems else 200)

    async def metrics(self, _: Request) -> Response:
        metrics = self._handlers.metrics()
        return Response(metrics, media_type=EXPOSITION) if metrics else PlainTextResponse("not ready\n", 503)

    async def hook(self, request: Request) -> Response:
        if not self._credentials.is_token(request.query_params.get("token", "")):
            self._note_stranger("hook refused: no valid token")
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

    def _note_stranger(self, words: str) -> None:
        """Log a hook without the token, or a player without a key, unless another was logged just before.

        Any user of this machine can send thousands, and the journal then drops lines of the agent's that
        matter (RateLimitBurst= in journald.conf(5)).
        """
        now = time.monotonic()
        if now - self._stranger_logged_at >= STRANGERS_EVERY:
            log.warning("%s", words)
            self._stranger_logged_at = now

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
        if hook.kind == "publish":
            return await self._publish(hook)
        if hook.kind == "play":
            return self._play(hook)
        if hook.application != APPLICATION:
            return _refused(403)
        if is_instance(hook.publisher.stream):  # no other stream is ever accepted
            await self._handlers.unpublish(hook)
        return _accepted()

    def _play(self, hook: Hook) -> Response:
        """Answer for a player. Only live@ and the agent have keys; the stream's name may be anything."""
        if hook.application == APPLICATION and self._credentials.may_play(hook.publisher.stream, hook.keys):
            return _accepted()
        self._note_stranger(f"a player from {hook.publisher.address} is refused: no valid key")
        return _refused(403)

    async def _publish(self, hook: Hook) -> Response:
        address = hook.publisher.address
        refusal = await self._refusal(hook)
        if refusal is None:
            return _renamed(hook.publisher.stream) if hook.is_renamed else _accepted()
        named = advised(refusal, hook.publisher.stream, self._credentials.channels)
        self._handlers.refused(named, hook.publisher)
        if refusal in _BY_KEY:
            await self._delay(address)
        return _refused(403)

    async def _refusal(self, hook: Hook) -> Refusal | None:
        """Return why a publisher is refused, None if it is accepted."""
        if hook.complaint:
            return Refusal(hook.complaint, TO_TYPE)
        if not self._credentials.accepts(hook.publisher.stream, hook.keys):
            if self._credentials.is_key(hook.publisher.stream):
                return KEY_ALONE
            return WRONG_KEY if hook.keys else NO_KEY
        if not is_instance(hook.publisher.stream):
            return BAD_NAME
        reason = await self._handlers.publish(hook)
        return Refusal(reason) if reason else None

    async def _delay(self, address: str) -> None:
        """Wait before a wrong key is refused. That delays no other hook, from the same address or another."""
        wait = self._throttle.wait(address, time.monotonic())
        if wait and self._waiting < MOST_WAITING:
            self._waiting += 1
            try:
                await asyncio.sleep(wait)
            finally:
                self._waiting -= 1


def _accepted() -> Response:
    """Return the answer that both servers take as yes: SRS by its JSON, nginx-rtmp by its status."""
    return JSONResponse({"code": 0})


def _renamed(stream: str) -> Response:
    """Return the answer with which nginx-rtmp accepts a stream under another name than the publisher's."""
    return Response(status_code=302, headers={"location": stream})


def _refused(status: int) -> Response:
    return JSONResponse({"code": status}, status)
