"""The event loop of the program: it moves data between sockets and the pure core in stream/splice.py.

A handler can be called for a connection that an earlier handler of the same round has dropped; each handler
checks for that.
"""

import selectors
import signal
import socket
from contextlib import suppress
from pathlib import Path

from restream_agent.base.endpoints import LIVE_SOCKET
from restream_agent.program import handover
from restream_agent.program import settings as program_settings
from restream_agent.program.crash_state import Clock, JsonFile
from restream_agent.program.doors import Door, is_let_in
from restream_agent.program.handover import Handover
from restream_agent.program.journal import log
from restream_agent.program.last_codecs import LastCodecs
from restream_agent.program.live_connection import LiveConnection, Remarks, RuleBreaks
from restream_agent.program.meter import Meter
from restream_agent.program.own_units import OwnUnits
from restream_agent.program.prepared_file import PreparedFile
from restream_agent.program.relays import PREFIX as RELAY_PREFIX
from restream_agent.program.relays import Relays
from restream_agent.program.signals import SignalSocket
from restream_agent.program.track_log import TrackLog
from restream_agent.stream.flv import FlvError, Tag
from restream_agent.stream.hand_off import Source
from restream_agent.stream.hand_offs import HandOffLog
from restream_agent.stream.splice import Splice
from restream_agent.stream.timeline import Timeline
from restream_agent.systemd.sd_notify import ServiceManager
from restream_agent.wire import records

_REPORT_EVERY = 500
"""Milliseconds between reports. The unit's watchdog allows four times this."""


class Program:
    """The event loop, from the start of the process to SIGTERM."""

    def __init__(self, settings_path: Path, runtime: Path, notifier: ServiceManager, units: OwnUnits) -> None:
        self._settings_path, self._runtime = settings_path, runtime
        self._notifier, self._units = notifier, units
        self._settings = program_settings.read(settings_path)
        self._clock = Clock(runtime)
        self._selector = selectors.DefaultSelector()
        limits = program_settings.queue_limits(self._settings)
        self._relays = Relays(self._selector, notifier, runtime, limits)
        self._publisher: LiveConnection | None = None
        self._rule_breaks = RuleBreaks()
        self._remarks = Remarks()
        self._last_codecs = LastCodecs(JsonFile(runtime / "codecs.json"))
        self._track_log = TrackLog()
        self._telemetry = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._telemetry.setblocking(False)
        self._reported, self._report_at = "", 0
        self._is_stopping = self._is_replaced = False
        self._splice = Splice(
            program_settings.splice_settings(self._settings),
            self._open_fallback,
            Timeline(last=self._clock.last),
            now=self._clock.now(),
            resumed=self._clock.is_resumed,
        )
        self._splice.output.codec = self._last_codecs.sound
        self._hand_offs = HandOffLog(self._clock.end if self._clock.is_resumed else None)
        self._hand_offs_file = JsonFile(runtime / "hand-offs.json")
        if self._clock.is_resumed:
            with suppress(ValueError, KeyError, TypeError):
                self._hand_offs.resume(self._hand_offs_file.load())

    def run(self, sockets: list[tuple[str, socket.socket]]) -> None:
        """Serve until SIGTERM, or until SIGINT, after which a successor goes on.

        systemd passes `sockets`: listening sockets, stored connections of relays, and live's.
        """
        kept = [self._take_over(name, inherited_socket) for name, inherited_socket in sockets]
        self._go_on(next((connection for connection in kept if connection is not None), None))
        self._signals = SignalSocket(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        self._selector.register(self._signals.socket, selectors.EVENT_READ, self._take_signals)
        self._apply_operator()
        self._notifier.send("READY=1")
        while not self._is_stopping:
            now = self._clock.now()
            due_at = self._report_at if self._relays.due_at is None else self._relays.due_at
            wake = min(self._splice.next_wake(now), self._report_at, due_at)
            for key, events in self._selector.select(max(0, wake - now) / 1000):
                key.data(events)
            now = self._clock.now()
            self._send(self._splice.tick(now))
            self._relays.send_due(now)
            if now >= self._report_at:
                self._report(now)
        self._relays.flush()
        if self._is_replaced:
            self._hand_over()

    def _take_over(self, name: str, inherited_socket: socket.socket) -> socket.socket | None:
        """Take what systemd has passed; return the connection of `live@` that a predecessor has left."""
        if name.startswith(RELAY_PREFIX):
            self._last_codecs.take_over(self._relays.take_over(name, inherited_socket))
            return None
        if name == handover.LIVE_NAME:
            self._notifier.forget(name)  # or `live@` would not see that we close it
            return inherited_socket
        is_live = Path(inherited_socket.getsockname()).name == Path(LIVE_SOCKET).name
        accept = self._accept_publisher if is_live else self._relays.accept
        door = Door(inherited_socket, self._units.stream_of if is_live else self._units.relay_of)
        self._selector.register(inherited_socket, selectors.EVENT_READ, lambda _: accept(door))
        return None

    def _hand_over(self) -> None:
        """Leave everything to the successor, which systemd starts as soon as this process is over."""
        left = Handover(
            self._clock.now(), self._clock.last, self._splice, self._publisher, self._relays.backlog,
            self._relays.queues(), self._rule_breaks, self._remarks, self._track_log,
        )  # fmt: skip
        if handover.write(self._runtime, left) and self._publisher:
            self._notifier.store(handover.LIVE_NAME, self._publisher.socket.fileno())

    def _go_on(self, connection: socket.socket | None) -> None:
        """Go on where the predecessor was, if it has left that; `connection` is that of `live@`."""
        before = handover.take(self._runtime, self._clock.found)
        if before is None:
            if connection is not None:
                connection.close()
            return
        now = self._clock.now()
        self._relays.go_on(before.backlog, before.queues)
        self._rule_breaks, self._remarks = before.rule_breaks, before.remarks
        self._track_log = before.track_log
        self._send(self._splice.go_on(before.splice, now))
        self._hand_offs.go_on(self._splice.last_hand_off)
        is_kept = connection is not None and is_let_in(connection, self._units.stream_of)
        if before.publisher is not None and connection is not None and is_kept:
            publisher = LiveConnection(connection, now, self._settings.carried)
            vars(publisher).update(vars(before.publisher))
            self._serve(publisher)
            log(6, f"live: goes on in a new process, {now - before.at} ms later")
            return
        if connection is not None:
            connection.close()
        self._send(self._splice.live_ended(now))

    def _serve(self, publisher: LiveConnection) -> None:
        self._publisher = publisher
        self._selector.register(publisher.socket, selectors.EVENT_READ, lambda _: self._read(publisher))

    def _take_signals(self, _: int) -> None:
        for number in self._signals.take():
            if number == signal.SIGHUP:
                self._reload()
            else:
                self._is_stopping, self._is_replaced = True, number == signal.SIGINT

    def _reload(self) -> None:
        """Read the settings and the operator's requests; invalid settings are logged and change nothing."""
        try:
            self._settings = program_settings.read(self._settings_path)
        except (OSError, ValueError, TypeError) as error:
            log(3, f"{self._settings_path}: {error}; going on with the settings as they were")
            return
        self._splice.settings = program_settings.splice_settings(self._settings)
        self._relays.limits = program_settings.queue_limits(self._settings)
        self._apply_operator()

    def _open_fallback(self) -> PreparedFile:
        return self._last_codecs.open_fallback(self._settings.fallback)

    def _apply_operator(self) -> None:
        now = self._clock.now()
        if program_settings.is_requested(self._settings, "open"):
            self._splice.open_now(now)
        is_break = program_settings.is_requested(self._settings, "break")
        self._send(self._splice.hold_fallback(now, held=is_break))

    def _accept_publisher(self, door: Door) -> None:
        arrived = door.accept()
        if arrived is None:
            return
        connection, _ = arrived
        self._drop_publisher("another publisher has connected")
        now = self._clock.now()
        if not self._rule_breaks.are_many(now):
            log(6, "live: connected")
        self._learn_codecs()
        begun = self._last_codecs.begun(self._relays)
        self._serve(LiveConnection(connection, now, self._settings.carried, begun))
        self._send(self._splice.live_started(now))

    def _read(self, publisher: LiveConnection) -> None:
        if publisher is not self._publisher:
            return
        now = self._clock.now()
        try:
            tags = publisher.read(now)
        except FlvError as error:
            self._drop_publisher(self._rule_breaks.words(str(error), now))
            return
        if tags is None:
            self._drop_publisher("its stream has ended")
            return
        self._remarks.say(publisher.remarks)
        for tag in tags:
            self._send(self._splice.live_tag(tag, now))

    def _drop_publisher(self, reason: str) -> None:
        if self._publisher is None:
            return
        if reason:
            log(6, f"live: closed, {reason}")
        self._selector.unregister(self._publisher.socket)
        self._publisher.close()
        self._publisher = None
        self._send(self._splice.live_ended(self._clock.now()))

    def _send(self, tags: list[Tag]) -> None:
        if not tags:
            return
        self._clock.save()
        self._relays.send(tags, self._clock.now())
        # After sending, because at a hand-off it writes to the log and to a file.
        if any(tag.is_media for tag in tags):
            self._note_sending()

    def _note_sending(self) -> None:
        logged = self._hand_offs.sent(self._splice.last_hand_off, self._clock.now())
        if logged is not None:
            log(6, logged.words)
            self._save_hand_offs()

    def _save_hand_offs(self) -> None:
        with suppress(OSError):  # a restarted program then counts from an older state
            self._hand_offs_file.save(self._hand_offs.dump())

    def _report(self, now: int) -> None:
        # The first report comes after the first tags: platforms do not wait for this import (6 ms).
        from restream_agent.program.report import ProgramState

        publisher = self._publisher
        if publisher and publisher.is_silent(now, self._settings.silence):
            self._drop_publisher(f"silent for {self._settings.silence} ms")
        meter = publisher.meter if publisher else Meter()
        meter.close_interval(max(1, now - self._report_at + _REPORT_EVERY))
        meter.pace.measure(now)
        if self._track_log.look(self._splice, now):
            self._hand_offs.sound_stalled()
            self._save_hand_offs()
        self._relays.flush()  # what is queued then is what a relay does not take
        relays = list(self._relays)
        state = ProgramState(now, self._clock.end, self._splice, self._hand_offs, relays, meter)
        self._announce(state.words())
        with suppress(OSError):
            self._telemetry.sendto(records.to_datagram(state.report()), self._settings.telemetry)
        self._report_at = now + _REPORT_EVERY
        self._follow_codecs(now)

    def _follow_codecs(self, now: int) -> None:
        """Have relays and fallback follow the codecs of the publisher."""
        last, sent = self._last_codecs, self._relays.backlog.codecs
        self._learn_codecs()
        is_other = self._splice.source is Source.FALLBACK and last.differ_from(sent)
        if (self._splice.is_muted or is_other) and last.has_fitting(self._settings.fallback):
            self._send(self._splice.renew_fallback(now))
        for relay, words in last.outdated(self._relays, sent):
            log(4, words)
            self._relays.drop(relay)

    def _learn_codecs(self) -> None:
        is_live = self._splice.source is Source.LIVE or self._splice.is_radio
        picture = self._publisher.picture_codec if self._publisher and is_live else ""
        self._last_codecs.learn(picture=picture, sound=self._splice.output.codec)

    def _announce(self, words: str) -> None:
        self._notifier.send("WATCHDOG=1", *([f"STATUS={words}"] if words != self._reported else []))
        self._reported = words
