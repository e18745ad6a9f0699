"""Passes news on: to the log, and to restream-notify.socket if `[notify]` asks for it.

The notifier is a unit of its own, since the agent talks to nobody beyond this machine. What was told is
kept in the runtime directory, across restarts of the agent.
"""

import json
import logging
import socket
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from restream_agent.agent.news_detector import Moment, News, NewsDetector, Reported
from restream_agent.agent.status import Status
from restream_agent.base import endpoints

log = logging.getLogger(__name__)


class NewsSender:
    """Looks at the status about once a second and tells what is new."""

    def __init__(self, runtime: Path, *, is_wanted: bool, address: str = endpoints.NOTIFY_SOCKET) -> None:
        """`is_wanted` says whether there is a notifier at `address`."""
        self._file = runtime / "told.json"
        self._address = address if is_wanted else None
        self._teller = NewsDetector(self._recall())

    def look(self, status: Status) -> None:
        """Tell what is new in a status; that it cannot be told is logged and no reason to stop."""
        before = self._teller.told
        for event in self._teller.look(moment(status), time.monotonic()):
            log.log(logging.WARNING if event.event.is_trouble else logging.INFO, "%s", event.text)
            self._send(event)
        if self._teller.told != before:
            self._remember()

    def _send(self, event: News) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(json.dumps(asdict(event) | {"at": time.time()}).encode(), self._address)
        except OSError as error:
            log.error("%s: %s; not told: %s", self._address, error.strerror, event.text)

    def _recall(self) -> Reported:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return Reported.from_json(json.loads(self._file.read_text()))
        return Reported()

    def _remember(self) -> None:
        try:
            self._file.write_text(json.dumps(self._teller.told.as_json()))
        except OSError as error:
            log.error("%s: %s", self._file, error.strerror)


def moment(status: Status) -> Moment:
    """Return what of a status may be news."""
    return Moment(
        state=status.state,
        cause=str(status.program.get("cause", "")),
        relays={relay.name: relay.state for relay in status.relays},
        refused=status.refused,
    )
