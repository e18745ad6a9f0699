"""The webhook: posts a message and returns the answer. Of the URL, only the host is ever shown."""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from restream_agent.base.errors import RestreamError
from restream_agent.base.http_library import httpx
from restream_agent.notifier.message import Message, headers, retry_after


@dataclass(frozen=True)
class Answer:
    """The result of one try: the server's status and the pause it asks for, or 0 and the reason."""

    status: int
    retry_after: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Target:
    """The webhook's URL and the secret that signs messages; neither shows in a repr."""

    url: str = field(repr=False)
    secret: bytes | None = field(repr=False)


class Webhook:
    """A connection to the target. It follows no redirect, and uses no proxy or .netrc of the environment."""

    def __init__(self, target: Target) -> None:
        """Raise RestreamError for a URL that httpx refuses; whether a server answers, only `post` shows."""
        self._secret = target.secret
        try:
            self._url = httpx.URL(target.url)
        except httpx.InvalidURL:
            # Without the cause, whose text quotes the URL.
            raise RestreamError("notify.webhook is not a valid URL") from None
        # The machine's certificate authorities, as for the relays; httpx would use a list of its own.
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(), trust_env=False, follow_redirects=False
        )

    @property
    def host(self) -> str:
        """The URL's host, the only part that may be shown."""
        return self._url.host

    async def __aenter__(self) -> Self:
        """Return the webhook itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def post(self, message: Message, timeout: float) -> Answer:
        """Try once, for at most `timeout` seconds, which include the look-up of the host's name."""
        try:
            async with asyncio.timeout(timeout):
                return await self._post(message)
        except TimeoutError:
            return Answer(0, reason=f"gave no answer within {timeout:g} s")
        except httpx.ConnectError as error:
            return Answer(0, reason=f"cannot be reached: {error}")
        except httpx.HTTPError as error:
            # The error's text may quote what was sent.
            return Answer(0, reason=f"broke off: {type(error).__name__}")

    async def _post(self, message: Message) -> Answer:
        async with self._client.stream(
            "POST", self._url, content=message.body, headers=headers(message, self._secret), timeout=None
        ) as response:
            seconds = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            return Answer(response.status_code, seconds)
