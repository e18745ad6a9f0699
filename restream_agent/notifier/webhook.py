"""One webhook: posts a delivery, and says what came of it. Never says where to but for the host."""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpx

from restream_agent.base.errors import RestreamError
from restream_agent.notifier.message import Message, headers, retry_after


@dataclass(frozen=True)
class Answer:
    """What came of one try: the server's status and what it asked for, or 0 and why there is none."""

    status: int
    retry_after: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Target:
    """Where to, and what signs it; neither shows in a repr."""

    url: str = field(repr=False)
    secret: bytes | None = field(repr=False)


class Webhook:
    """A connection to the target. No redirect is followed, and the environment has no say in it."""

    def __init__(self, target: Target) -> None:
        """Raises RestreamError for a URL that cannot be called; whether it answers, `post` says."""
        self._secret = target.secret
        try:
            self._url = httpx.URL(target.url)
        except httpx.InvalidURL:
            # Without its cause, whose words quote the URL.
            raise RestreamError("notify.webhook is no URL that can be called") from None
        # As for the relays, the machine's own authorities; httpx would take the ones it brings.
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(), trust_env=False, follow_redirects=False
        )

    @property
    def host(self) -> str:
        """The part of the URL that may be shown."""
        return self._url.host

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def post(self, delivery: Message, timeout: float) -> Answer:
        """Try once, for at most `timeout` seconds, the look-up of the host's name included."""
        try:
            async with asyncio.timeout(timeout):
                return await self._post(delivery)
        except TimeoutError:
            return Answer(0, reason=f"gave no answer within {timeout:g} s")
        except httpx.ConnectError as error:
            return Answer(0, reason=f"cannot be reached: {error}")
        except httpx.HTTPError as error:
            # Its words may quote what was sent.
            return Answer(0, reason=f"broke off: {type(error).__name__}")

    async def _post(self, delivery: Message) -> Answer:
        wanted = headers(delivery, self._secret)
        async with self._client.stream(
            "POST", self._url, content=delivery.body, headers=wanted, timeout=None
        ) as answer:
            asked = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
            return Answer(answer.status_code, asked)
