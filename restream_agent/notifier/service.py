"""The notifier, restream-notify.service: receives the agent's news and sends it on.

The webhook and the command each have a rate limit and a pace of their own: a slow one holds up only itself,
and its news is combined meanwhile. The process ends when nothing is left to send; its socket starts it
again.
"""

import asyncio
import logging
import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import endpoints, paths, webhook_url
from restream_agent.base.errors import RestreamError
from restream_agent.notifier.destinations import CommandTransport, Destination, Transport, WebhookTransport
from restream_agent.notifier.message import LAST_TRY, Patience, read_news
from restream_agent.notifier.rate_limit import RateLimit
from restream_agent.systemd.passed_sockets import inherited
from restream_agent.systemd.sd_notify import ServiceManager
from restream_agent.wire import records
from restream_agent.wire.settings import NotifierSettings

log = logging.getLogger(__name__)

_LONGEST_DATAGRAM = 64 * 1024
_AT_ONCE = 100
"""The most datagrams that are read before the rest of the event loop has its turn."""


@dataclass(frozen=True)
class Credentials:
    """The secrets in systemd's credentials directory; neither shows in a repr."""

    webhook: str | None
    secret: str | None

    def __repr__(self) -> str:
        """Show nothing."""
        return "Credentials(…)"

    @classmethod
    def read(cls, directory: Path) -> "Credentials":
        """Read the credentials; RestreamError if the webhook's is not a URL."""
        webhook, secret = _text(directory / "webhook"), _text(directory / "secret")
        reason = "" if webhook is None else webhook_url.complaint(webhook)
        if reason:
            raise RestreamError(f"notify.webhook {reason}", hint="restream-agent secret set, then apply")
        return cls(webhook, secret)


def _text(file: Path) -> str | None:
    with suppress(FileNotFoundError):
        return file.read_text().strip()
    return None


def run() -> None:
    """Serve until nothing is left to send, or until SIGTERM; RestreamError if the notifier cannot start."""
    try:
        settings = records.parse(NotifierSettings, Path(paths.NOTIFY_SETTINGS).read_text())
        credentials = Credentials.read(Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")))
    except (OSError, ValueError, TypeError) as error:
        raise RestreamError(f"the settings cannot be read: {error}", hint="restream-agent apply") from error
    receiver = next((each for _, each in inherited() if each.type == socket.SOCK_DGRAM), None)
    if receiver is None:
        raise RestreamError(
            "systemd passed no socket",
            hint=f"systemd starts the notifier when the agent writes to {endpoints.NOTIFY_SOCKET}",
        )
    asyncio.run(_until_signal(receiver, settings, credentials))


async def _until_signal(
    receiver: socket.socket, settings: NotifierSettings, credentials: Credentials
) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await serve(receiver, settings, credentials, Patience(), stopping)


async def serve(
    receiver: socket.socket,
    settings: NotifierSettings,
    credentials: Credentials,
    patience: Patience,
    stopping: asyncio.Event,
) -> None:
    """Send on the news that comes through the socket, until idle or `stopping`; then try the rest once."""
    transports: list[Transport] = []
    if settings.command:
        transports.append(CommandTransport(settings.command, timeout=settings.timeout))
    if credentials.webhook is None:
        await Notifier(receiver, settings, transports).serve(stopping)
        return
    from restream_agent.notifier.webhook import Target, Webhook

    # At level info, httpx logs whole URLs.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    secret = None if credentials.secret is None else credentials.secret.encode()
    async with Webhook(Target(credentials.webhook, secret)) as webhook:
        transports.append(WebhookTransport(webhook, timeout=settings.timeout, patience=patience))
        await Notifier(receiver, settings, transports).serve(stopping)


class Notifier:
    """Receives news and hands it to the destinations."""

    def __init__(
        self, receiver: socket.socket, settings: NotifierSettings, transports: list[Transport]
    ) -> None:
        receiver.setblocking(False)
        self._receiver = receiver
        self._idle = settings.idle
        self._destinations = [
            Destination(transport, RateLimit(settings.every), collect=settings.collect)
            for transport in transports
        ]
        self._received_at = time.monotonic()

    async def serve(self, stopping: asyncio.Event) -> None:
        """Deliver news until idle or stopped; then try once to deliver what waits."""
        manager = ServiceManager()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._receiver, self._receive)
        tasks = [asyncio.create_task(destination.deliver_news()) for destination in self._destinations]
        manager.send("READY=1")
        stop = asyncio.create_task(stopping.wait())
        try:
            await self._until_done(tasks, stop)
        finally:
            manager.send("STOPPING=1")
            loop.remove_reader(self._receiver)
            for task in (*tasks, stop):
                task.cancel()
            await asyncio.gather(*tasks, stop, return_exceptions=True)
        await asyncio.gather(*(destination.deliver_the_rest(LAST_TRY) for destination in self._destinations))

    async def _until_done(self, tasks: list[asyncio.Task[None]], stop: asyncio.Task[bool]) -> None:
        """Wait until idle or stopped. A destination's task ends only by a bug, which is raised."""
        while not (stop.done() or self._is_idle()):
            await asyncio.wait({*tasks, stop}, timeout=self._idle / 4, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()

    def _is_idle(self) -> bool:
        is_quiet = time.monotonic() - self._received_at >= self._idle
        return is_quiet and all(destination.is_idle() for destination in self._destinations)

    def _receive(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                datagram = self._receiver.recv(_LONGEST_DATAGRAM)
            except BlockingIOError:
                return
            self._received_at = time.monotonic()
            try:
                news = read_news(datagram)
            except ValueError as error:
                log.warning("ignored a datagram that is not news: %s", error)
                continue
            for destination in self._destinations:
                destination.add(news)
