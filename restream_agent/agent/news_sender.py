"""Sends news: to the log, and to restream-notify.socket if the configuration has `[notify]`.

The notifier is a unit of its own, since the agent talks to nobody beyond this machine. What was told is
kept in the runtime directory, across restarts of the agent.
"""

import json
import logging
import socket
import time
from contextlib import suppress
from pathlib import Path

from restream_agent.agent.news_detector import Moment, NewsDetector, ToldNews
from restream_agent.agent.status import Status
from restream_agent.base import endpoints
from restream_agent.systemd.channels import Channel
from restream_agent.wire.news import News

log = logging.getLogger(__name__)


class NewsSender:
    """Compares the status about once a second and sends the news."""

    def __init__(
        self,
        runtime: Path,
        channel: Channel,
        *,
        has_notifier: bool,
        address: str = endpoints.NOTIFY_SOCKET,
    ) -> None:
        """`runtime` is the channel's directory; `has_notifier` says that a notifier is at `address`."""
        self._file = runtime / "told.json"
        self._address = address if has_notifier else None
        self._detector = NewsDetector(self._load(), channel)

    def look(self, status: Status) -> None:
        """Send the news of a status; a failure to send is logged, and the agent goes on."""
        before = self._detector.told
        for news in self._detector.look(moment(status, at=time.time()), time.monotonic()):
            log.log(logging.WARNING if news.kind.is_trouble else logging.INFO, "%s", news.text)
            self._send(news)
        if self._detector.told != before:
            self._save()

    def _send(self, news: News) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(news.to_datagram(), self._address)
        except OSError as error:
            log.error("%s: %s; not told: %s", self._address, error.strerror, news.text)

    def _load(self) -> ToldNews:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return ToldNews.from_json(json.loads(self._file.read_text()))
        return ToldNews()

    def _save(self) -> None:
        try:
            self._file.write_text(json.dumps(self._detector.told.as_json()))
        except OSError as error:
            log.error("%s: %s", self._file, error.strerror)


def moment(status: Status, *, at: float) -> Moment:
    """Return the part of a status that may be news; `at` is in seconds since 1970."""
    return Moment(
        state=status.state,
        cause="" if status.program is None else status.program.cause,
        relays={relay.name: relay.state for relay in status.relays},
        refused=status.refused,
        at=at,
        is_port_dead=status.situation.ingest.is_port_dead,
        renewals={relay.name: relay.ends_in for relay in status.relays if relay.age is not None},
        offsets={relay.name: relay.av_offset for relay in status.relays if relay.av_offset is not None},
        unplayable=tuple(status.unplayable.values()),
        is_sending=status.is_sending,
        stalled=status.stalled,
    )
