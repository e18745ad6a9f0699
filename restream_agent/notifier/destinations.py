"""The destinations of notifications: a webhook with its retries, a command, and the queue before each."""

import asyncio
import logging
import random
import socket
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from restream_agent.base.errors import CommandError
from restream_agent.base.process import run
from restream_agent.notifier.message import Message, Patience, body, is_delivered, is_worth_a_retry, pause
from restream_agent.notifier.rate_limit import Notice, RateLimit
from restream_agent.wire.news import News

if TYPE_CHECKING:  # httpx is not loaded where only a command is run
    from restream_agent.notifier.webhook import Answer, Webhook

log = logging.getLogger(__name__)

_LONGEST_OUTPUT = 200
"""Characters of a command's output that go into the log."""


class Transport(Protocol):
    """A way to deliver messages. `pending` is a message whose delivery may have to be tried again."""

    pending: Message | None

    async def deliver(self, message: Message) -> None:
        """Deliver the message, in as many tries as it takes, or give up; log what fails."""
        ...

    async def deliver_once(self, message: Message, within: float) -> None:
        """Try to deliver the message once, within so many seconds; log what fails."""
        ...


class WebhookTransport:
    """Posts messages to the webhook, and tries again where that may help."""

    def __init__(self, webhook: "Webhook", *, timeout: float, patience: Patience) -> None:
        self._webhook = webhook
        self._timeout = timeout
        self._patience = patience
        self.pending: Message | None = None

    async def deliver(self, message: Message) -> None:
        """Post until the server accepts or refuses the message, or until the patience ends."""
        self.pending = message
        began, tries = time.monotonic(), 1
        while (answer := await self._try(message, self._timeout)) is not None:
            left = began + self._patience.in_all - time.monotonic()
            rest = pause(
                tries,
                patience=self._patience,
                chance=random.random(),  # noqa: S311 - spreads load, keeps no secret
                retry_after=answer.retry_after,
            )
            if rest > left:
                log.error("webhook: given up after %d tries", tries)
                break
            log.warning("webhook: next try in %.1f s", rest)
            await asyncio.sleep(rest)
            tries += 1
        self.pending = None

    async def deliver_once(self, message: Message, within: float) -> None:
        """Post once."""
        await self._try(message, min(within, self._timeout))

    async def _try(self, message: Message, timeout: float) -> "Answer | None":
        """Post; return the answer if a retry may get a better one, else None."""
        host = self._webhook.host
        answer = await self._webhook.post(message, timeout)
        if is_delivered(answer.status):
            log.info("webhook: %s accepted the message", host)
            return None
        if not answer.status:
            log.warning("webhook: %s %s", host, answer.reason)
            return answer
        if is_worth_a_retry(answer.status):
            log.warning("webhook: %s answered %d", host, answer.status)
            return answer
        log.error("webhook: %s answered %d; the message is dropped", host, answer.status)
        return None


class CommandTransport:
    """Runs the command with the message on its standard input; a failure is not retried."""

    pending: Message | None = None

    def __init__(self, argv: tuple[str, ...], *, timeout: float) -> None:
        self._argv = argv
        self._timeout = timeout

    async def deliver(self, message: Message) -> None:
        """Run the command."""
        await self.deliver_once(message, self._timeout)

    async def deliver_once(self, message: Message, within: float) -> None:
        """Run the command; it is killed when its time is up."""
        timeout = min(within, self._timeout)
        try:
            await asyncio.to_thread(run, self._argv, timeout=timeout, input=message.body)
        except CommandError as error:
            # The log leaves out the arguments, which may be secret, and all output but the last line.
            output = error.output.rpartition("\n")[2][:_LONGEST_OUTPUT]
            reason = error.reason.removeprefix(f"{self._argv[0]} ")
            log.error("command: %s %s%s", self._argv[0], reason, f": {output}" if output else "")
        else:
            log.info("command: %s accepted the message", self._argv[0])


class Destination:
    """A transport and the news that waits for it."""

    def __init__(self, transport: Transport, rate_limit: RateLimit, *, collect: float) -> None:
        """`collect` is how many seconds a message waits for further news, so that it holds that, too."""
        self._transport = transport
        self._rate_limit = rate_limit
        self._collect = collect
        self._changed = asyncio.Event()
        self._is_delivering = False

    def add(self, news: News) -> None:
        """Queue a piece of news."""
        if not self._rate_limit.add(news, time.monotonic()):
            log.warning("too many messages are waiting: %s is dropped", news.kind)
        self._changed.set()

    def is_idle(self) -> bool:
        """Whether nothing is being delivered, nothing waits, and the rate limit remembers nothing."""
        return not self._is_delivering and self._rate_limit.is_idle(time.monotonic())

    async def deliver_news(self) -> None:
        """Deliver news when it is due, for ever."""
        while True:
            self._changed.clear()
            left = self._rate_limit.due(time.monotonic())
            if left is None or left > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), left)
                continue
            await asyncio.sleep(self._collect)
            self._is_delivering = True
            await self._transport.deliver(_message(self._rate_limit.take(time.monotonic())))
            self._is_delivering = False

    async def deliver_the_rest(self, within: float) -> None:
        """Try once to deliver what waits, within so many seconds; `deliver_news` was cancelled before."""
        deadline = time.monotonic() + within
        rest = self._rate_limit.take_all()
        waiting = [self._transport.pending, _message(rest) if rest else None]
        for message in filter(None, waiting):
            left = deadline - time.monotonic()
            if left > 0:
                await self._transport.deliver_once(message, left)


def _message(notices: tuple[Notice, ...]) -> Message:
    return Message(str(uuid.uuid4()), body(notices, host=socket.gethostname(), sent_at=time.time()))
