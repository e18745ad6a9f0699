"""The notifier, restream-notify.service: takes the agent's events, tells the webhook and the command.

Each of the two has a grouping of its own and tells at its own pace: while one is waited for, what
happens groups up, and the other goes on. With nothing left to tell the process ends; its socket
starts it again.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restream_agent.base import endpoints, paths, webhook_url
from restream_agent.base.errors import RestreamError
from restream_agent.notifier.destinations import CommandTransport, Destination, Transport, WebhookTransport
from restream_agent.notifier.message import LAST_TRY, Patience, read_event
from restream_agent.notifier.rate_limit import RateLimit
from restream_agent.systemd.sd_notify import ServiceManager, inherited

log = logging.getLogger(__name__)

_LONGEST_DATAGRAM = 64 * 1024
_AT_ONCE = 100
"""Datagrams that are read before the rest of the loop has its turn."""


@dataclass(frozen=True)
class NotifySettings:
    """The rendered notify.json; times in seconds. After `idle` with nothing to tell the process ends."""

    command: tuple[str, ...]
    every: float
    timeout: float
    collect: float = 1.0
    idle: float = 60.0

    @classmethod
    def read(cls, path: Path) -> "NotifySettings":
        """Read what render_notify.py wrote; TypeError or ValueError if it is something else."""
        values: dict[str, Any] = dict(json.loads(path.read_text()))
        return cls(**values | {"command": tuple(values.get("command", ()))})


@dataclass(frozen=True)
class Credentials:
    """What systemd has put into the credentials directory; neither shows."""

    webhook: str | None
    secret: str | None

    def __repr__(self) -> str:
        """Show nothing."""
        return "Credentials(…)"

    @classmethod
    def read(cls, directory: Path) -> "Credentials":
        """Read the credentials; RestreamError if the webhook's is no URL."""
        found = {name: _text(directory / name) for name in ("webhook", "secret")}
        complaint = "" if found["webhook"] is None else webhook_url.complaint(found["webhook"])
        if complaint:
            raise RestreamError(f"notify.webhook {complaint}", hint="restream-agent secret set, then apply")
        return cls(**found)


def _text(file: Path) -> str | None:
    with suppress(FileNotFoundError):
        return file.read_text().strip()
    return None


def run() -> None:
    """Tell until there is nothing to tell, or until SIGTERM; RestreamError if that cannot begin."""
    try:
        settings = NotifySettings.read(Path(paths.NOTIFY_SETTINGS))
        credentials = Credentials.read(Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")))
    except (OSError, ValueError, TypeError) as error:
        raise RestreamError(f"the settings cannot be read: {error}", hint="restream-agent apply") from error
    events = next((one for _, one in inherited() if one.type == socket.SOCK_DGRAM), None)
    if events is None:
        raise RestreamError(
            "no socket was passed by systemd",
            hint=f"systemd starts this when the agent writes to {endpoints.NOTIFY_SOCKET}",
        )
    asyncio.run(_until_signal(events, settings, credentials))


async def _until_signal(events: socket.socket, settings: NotifySettings, credentials: Credentials) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await serve(events, settings, credentials, Patience(), stopping)


async def serve(
    events: socket.socket,
    settings: NotifySettings,
    credentials: Credentials,
    patience: Patience,
    stopping: asyncio.Event,
) -> None:
    """Tell what comes through the socket, until idle or `stopping`; what waits then is tried once."""
    channels: list[Transport] = []
    if settings.command:
        channels.append(CommandTransport(settings.command, timeout=settings.timeout))
    if credentials.webhook is None:
        await Notifier(events, settings, channels).serve(stopping)
        return
    from restream_agent.notifier.webhook import Target, Webhook

    # It would log whole URLs, if it were asked to.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    secret = None if credentials.secret is None else credentials.secret.encode()
    async with Webhook(Target(credentials.webhook, secret)) as webhook:
        channels.append(WebhookTransport(webhook, timeout=settings.timeout, patience=patience))
        await Notifier(events, settings, channels).serve(stopping)


class Notifier:
    """Reads events and hands them to the outlets."""

    def __init__(self, events: socket.socket, settings: NotifySettings, channels: list[Transport]) -> None:
        events.setblocking(False)
        self._events = events
        self._idle = settings.idle
        self._outlets = [
            Destination(channel, RateLimit(settings.every), collect=settings.collect) for channel in channels
        ]
        self._heard_at = time.monotonic()

    async def serve(self, stopping: asyncio.Event) -> None:
        """Tell until idle or stopped; what waits then is tried once."""
        manager = ServiceManager()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._events, self._receive)
        tasks = [asyncio.create_task(outlet.tell()) for outlet in self._outlets]
        manager.send("READY=1")
        stop = asyncio.create_task(stopping.wait())
        try:
            await self._until_done(tasks, stop)
        finally:
            manager.send("STOPPING=1")
            loop.remove_reader(self._events)
            for task in (*tasks, stop):
                task.cancel()
            await asyncio.gather(*tasks, stop, return_exceptions=True)
        await asyncio.gather(*(outlet.tell_the_rest(LAST_TRY) for outlet in self._outlets))

    async def _until_done(self, telling: list[asyncio.Task[None]], stop: asyncio.Task[bool]) -> None:
        """Wait for the end; an outlet that ends does so by a bug, which is raised."""
        while not (stop.done() or self._is_idle()):
            await asyncio.wait({*telling, stop}, timeout=self._idle / 4, return_when=asyncio.FIRST_COMPLETED)
            for task in telling:
                if task.done():
                    task.result()

    def _is_idle(self) -> bool:
        is_quiet = time.monotonic() - self._heard_at >= self._idle
        return is_quiet and all(outlet.is_idle() for outlet in self._outlets)

    def _receive(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                datagram = self._events.recv(_LONGEST_DATAGRAM)
            except BlockingIOError:
                return
            self._heard_at = time.monotonic()
            try:
                event = read_event(datagram)
            except (ValueError, RecursionError) as error:
                log.warning("an event that cannot be read is passed over: %s", error)
                continue
            for outlet in self._outlets:
                outlet.add(event)
