"""The connected relays: who comes, what each is sent, and who goes.

A handler can be called for a connection that an earlier handler of the same round has dropped; each handler
checks for that.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from restream_agent.program.crash_state import Remainder
from restream_agent.program.doors import Door
from restream_agent.program.journal import log
from restream_agent.program.relay_connection import RelayConnection
from restream_agent.stream.batch import Batch
from restream_agent.stream.fanout import Backlog, Limits, RelayQueue
from restream_agent.stream.flv import Tag, encode
from restream_agent.systemd.sd_notify import ServiceManager

_PAUSE = 0.5
"""Seconds between two connections of one relay. systemd waits longer before it starts a relay again."""

PREFIX = "relay-"
"""What the names of the relays' connections in the descriptor store begin with."""


class Relays:
    """The relays, in the order in which they came; `backlog` is what a new one begins with.

    `limits` are those of the queue of a relay that comes.
    """

    def __init__(
        self, selector: selectors.BaseSelector, notifier: ServiceManager, runtime: Path, limits: Limits
    ) -> None:
        self.backlog = Backlog()
        self.limits = limits
        self._batch = Batch()
        self._selector, self._notifier, self._runtime = selector, notifier, runtime
        self._relays: dict[str, RelayConnection] = {}
        self._count = 0
        self._let_in_at: dict[str, float] = {}

    def __iter__(self) -> Iterator[RelayConnection]:
        return iter(list(self._relays.values()))

    def take_over(self, store_name: str, connection: socket.socket) -> RelayConnection:
        """Go on with a connection that systemd has kept across a restart."""
        log(6, f"{store_name}: connection kept across the restart")
        self._count = max(self._count, int(store_name.rpartition("-")[2]))
        relay = self._add(connection, store_name)
        self._replace_older(relay)
        return relay

    def accept(self, door: Door) -> None:
        """Let in a relay that has come to the door, unless it was there just before."""
        arrived = door.accept()
        if arrived is None:
            return
        connection, name = arrived
        now = time.monotonic()
        if now - self._let_in_at.get(name, float("-inf")) < _PAUSE:
            door.refuse(connection, f"{name} has connected just before")
            return
        self._let_in_at[name] = now
        self._count += 1
        relay = self._add(connection, f"{PREFIX}{name}-{self._count}")
        self._replace_older(relay)
        self.backlog.start(relay.queue)
        if self._flush(relay):
            self._notifier.store(relay.store_name, connection.fileno())
            log(6, f"{relay.name}: relay connected")

    @property
    def due_at(self) -> int | None:
        """When what is queued has to be sent, in ms of the program; None if nothing is."""
        return self._batch.due_at

    def send(self, tags: list[Tag], now: int) -> None:
        """Queue tags for every relay, and send them if they are due."""
        self.send_due(now)
        for tag in tags:
            data = encode(tag)
            self.backlog.add(tag, data)
            self._batch.add(tag, now)
            for relay in self._relays.values():
                relay.queue.offer(tag, data)
        self.send_due(now)

    def send_due(self, now: int) -> None:
        """Send what is queued if it is due."""
        if self.due_at is not None and self.due_at <= now:
            self.flush()

    def flush(self) -> None:
        """Send each relay what is queued for it, as far as its socket takes it."""
        self._batch.clear()
        for relay in self:
            if not relay.queue.is_empty:
                self._flush(relay)

    def drop(self, relay: RelayConnection) -> None:
        """End a relay's connection."""
        log(6, f"{relay.name}: relay disconnected")
        del self._relays[relay.store_name]
        self._selector.unregister(relay.socket)
        self._notifier.forget(relay.store_name)
        relay.close()

    def queues(self) -> dict[str, RelayQueue]:
        """Return the queue of each relay by the name of its connection in the descriptor store."""
        return {name: relay.queue for name, relay in self._relays.items()}

    def go_on(self, backlog: Backlog, queues: Mapping[str, RelayQueue]) -> None:
        """Go on with the backlog and the queues of another process that is over."""
        vars(self.backlog).update(vars(backlog))
        for relay in self:
            before = queues.get(relay.store_name)
            if before is not None and before.sent == relay.queue.sent:
                vars(relay.queue).update(vars(before))
                self._flush(relay)

    def _replace_older(self, relay: RelayConnection) -> None:
        """Keep only the newest connection of a relay, so that no relay fills the descriptor store."""
        same = [other for other in self._relays.values() if other.name == relay.name]
        for older in sorted(same, key=lambda other: other.number)[:-1]:
            self.drop(older)

    def _add(self, connection: socket.socket, store_name: str) -> RelayConnection:
        remainder = Remainder(self._runtime, store_name)
        relay = RelayConnection(connection, store_name, RelayQueue(limits=self.limits), remainder)
        self._relays[store_name] = relay
        self._selector.register(connection, relay.awaited, self._handler(relay))
        return relay

    def _handler(self, relay: RelayConnection) -> Callable[[int], None]:
        def handle(events: int) -> None:
            if relay.store_name not in self._relays:
                return
            if events & selectors.EVENT_READ and relay.is_closed():
                self.drop(relay)
            elif events & selectors.EVENT_WRITE:
                self._flush(relay)

        return handle

    def _flush(self, relay: RelayConnection) -> bool:
        try:
            events = relay.flush()
        except OSError:
            self.drop(relay)
            return False
        if relay.awaited != events:
            relay.awaited = events
            self._selector.modify(relay.socket, events, self._selector.get_key(relay.socket).data)
        return True
