"""The places to tell, each at its own pace: the webhook with its retries, the command, what drives either."""

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
from restream_agent.notifier.message import Message, Patience, body, is_delivered, may_change, pause
from restream_agent.notifier.rate_limit import News, Notice, RateLimit

if TYPE_CHECKING:  # httpx is not loaded where only a command is run
    from restream_agent.notifier.webhook import Answer, Webhook

log = logging.getLogger(__name__)

_LONGEST_WORDS = 200
"""Characters of what a command wrote that are worth a line in the log."""


class Transport(Protocol):
    """A way to deliver. `pending` is what was begun and may be begun again."""

    pending: Message | None

    async def deliver(self, delivery: Message) -> None:
        """Deliver, in as many tries as it takes, or give up; what fails is logged."""
        ...

    async def once(self, delivery: Message, within: float) -> None:
        """Try once, for so many seconds; what fails is logged."""
        ...


class WebhookTransport:
    """Posts; tries again where that may help."""

    def __init__(self, webhook: "Webhook", *, timeout: float, patience: Patience) -> None:
        self._webhook = webhook
        self._timeout = timeout
        self._patience = patience
        self.pending: Message | None = None

    async def deliver(self, delivery: Message) -> None:
        """Post until it is taken, refused for good, or no longer news."""
        self.pending = delivery
        began, tries = time.monotonic(), 1
        while (answer := await self._try(delivery, self._timeout)) is not None:
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

    async def once(self, delivery: Message, within: float) -> None:
        """Post once more."""
        await self._try(delivery, min(within, self._timeout))

    async def _try(self, delivery: Message, timeout: float) -> "Answer | None":
        """Post; the answer if another try may get a better one, else None."""
        host = self._webhook.host
        answer = await self._webhook.post(delivery, timeout)
        if is_delivered(answer.status):
            log.info("webhook: %s was told", host)
            return None
        if not answer.status:
            log.warning("webhook: %s %s", host, answer.reason)
            return answer
        if may_change(answer.status):
            log.warning("webhook: %s answered %d", host, answer.status)
            return answer
        log.error("webhook: %s answered %d; that message is dropped", host, answer.status)
        return None


class CommandTransport:
    """Runs the command with the message on its standard input; a failure is not repeated."""

    pending: Message | None = None

    def __init__(self, argv: tuple[str, ...], *, timeout: float) -> None:
        self._argv = argv
        self._timeout = timeout

    async def deliver(self, delivery: Message) -> None:
        """Run it."""
        await self.once(delivery, self._timeout)

    async def once(self, delivery: Message, within: float) -> None:
        """Run it; it is killed when its time is up."""
        timeout = min(within, self._timeout)
        try:
            await asyncio.to_thread(run, self._argv, timeout=timeout, input=delivery.body)
        except CommandError as error:
            # Its arguments are its own affair, and so is all but the last line of what it says.
            words = error.output.rpartition("\n")[2][:_LONGEST_WORDS]
            reason = error.reason.removeprefix(f"{self._argv[0]} ")
            log.error("command: %s %s%s", self._argv[0], reason, f": {words}" if words else "")
        else:
            log.info("command: %s was told", self._argv[0])


class Destination:
    """A channel and what has yet to be told there."""

    def __init__(self, channel: Transport, grouping: RateLimit, *, collect: float) -> None:
        """`collect` is how many seconds to wait for what happens together."""
        self._channel = channel
        self._grouping = grouping
        self._collect = collect
        self._changed = asyncio.Event()
        self._is_telling = False

    def add(self, event: News) -> None:
        """Take an event."""
        if not self._grouping.add(event, time.monotonic()):
            log.warning("too much waits to be told: %s is dropped", event.event)
        self._changed.set()

    def is_idle(self) -> bool:
        """Whether nothing is told, waits or is remembered."""
        return not self._is_telling and self._grouping.is_idle(time.monotonic())

    async def tell(self) -> None:
        """Tell what is to be told, for ever."""
        while True:
            self._changed.clear()
            left = self._grouping.due(time.monotonic())
            if left is None or left > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), left)
                continue
            await asyncio.sleep(self._collect)
            self._is_telling = True
            await self._channel.deliver(_made(self._grouping.take(time.monotonic())))
            self._is_telling = False

    async def tell_the_rest(self, within: float) -> None:
        """Try once what waits, in so many seconds; `tell` was cancelled before."""
        deadline = time.monotonic() + within
        rest = self._grouping.take_all()
        waiting = [self._channel.pending, _made(rest) if rest else None]
        for delivery in filter(None, waiting):
            left = deadline - time.monotonic()
            if left > 0:
                await self._channel.once(delivery, left)


def _made(told: tuple[Notice, ...]) -> Message:
    words = body(told, host=socket.gethostname(), sent_at=time.time())
    return Message(str(uuid.uuid4()), words)
