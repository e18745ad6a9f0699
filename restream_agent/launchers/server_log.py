"""The log of an ingest server, told in the journal: whom it turned away, from where and why. Pure.

SRS names a client's address, and nginx-rtmp its reasons, only at a level at which they also log each step of
each client, with keys. Of that level nothing passes but the lines that are made here, from fixed words, an
address and numbers. What a client has written into a line of that level goes with it, line breaks included.
Lines of errors pass through redact.py.

The patterns are of SRS 6.0.157 and nginx-rtmp 1.2.2.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from restream_agent.base.obs_words import NO_NAME, TO_TYPE
from restream_agent.launchers.redact import clean, mark, without_colour

MOST_TOLD = 20
"""Clients turned away that are told in WINDOW; more are counted. Anybody can be turned away often."""

WINDOW = 10.0
"""Seconds."""

MOST_SENDERS = 8192
"""Clients of SRS that are remembered, some 200 bytes each. SRS takes 3,000 (srs.conf.j2)."""

_QUIET = frozenset(("debug", "info", "notice", "trace", "verb", "warn"))
_ADDRESS = r"[0-9A-Fa-f.:]{2,45}"

_REPORT = re.compile(r"==\d+==|nginx: \[")
"""How lines without a time begin: a report of AddressSanitizer, what nginx says before it has a log."""

_NO_AGENT = "the agent does not answer; systemctl status restream-agent"
_NO_RTMP = "it does not speak RTMP"
_LATE = "it did not finish the handshake in time"
_NO_PICTURE = (
    "its picture: SRS passes no AV1 and no VP9; set the video encoder in OBS to H.264 (Settings, Output)"
)
_NOT_FOR_PLAYERS = "the stream is played on this machine only"

Reasons = tuple[tuple[re.Pattern[str], str], ...]


def _reasons(*pairs: tuple[str, str]) -> Reasons:
    return tuple((re.compile(pattern), words) for pattern, words in pairs)


_SRS_REASONS = _reasons(
    (r"rtmp on_publish .*code=403\b", ""),  # the agent has said why
    (r"rtmp on_publish ", _NO_AGENT),
    (r"rtmp: empty stream", f"{NO_NAME}; {TO_TYPE}"),
    (r"discovery tcUrl failed|request without tcUrl", f"its URL cannot be read; {TO_TYPE}"),
    (r"security check", _NOT_FOR_PLAYERS),
    (r"StreamBusy|stream .*is busy", "somebody else publishes the stream"),
    (r"recv FCPublish", "it sends FCPublish without releaseStream, for which SRS waits; nginx-rtmp takes it"),
    (r"rtmp: publish timeout (\d+)ms", r"nothing came from it for \1 ms"),
    (r"\(SocketTimeout\).* : rtmp handshake", _LATE),
    (r" : rtmp handshake", _NO_RTMP),
    (r"\(SocketTimeout\).* : (?:rtmp connect tcUrl|rtmp: identify client)", "it asked for nothing"),
    (r" : rtmp connect tcUrl", "its request cannot be read"),
)
"""SRS's words for the end of a client, and ours; no words leave the line out."""

_NGINX_REASONS = _reasons(
    (r"notify: empty or broken HTTP response", _NO_AGENT),
    (r"too big message: (\d+)", r"a message has more than \1 bytes, as a large keyframe has"),
    (
        r"RTMP in chunk stream too big: (\d+) >= (\d+)",
        r"its chunk stream is \1; nginx-rtmp takes those below \2",
    ),
    (r"too big RTMP chunk size:\s*(\d+)", r"its chunks have \1 bytes"),
    (r"connect: application not found", f"its application is unknown; {TO_TYPE}"),
    (r"live: already publishing", "somebody else publishes the stream"),
    (r"live: drop idle publisher", "nothing came from it for ingest.timeout"),
    (r"access forbidden by rule", _NOT_FOR_PLAYERS),
    (r"ping: unresponded", "it does not answer"),
    (r"RTMP error parsing aggregate", "its messages cannot be read"),
    (r"handshake: (?:unexpected RTMP version|error parsing)", _NO_RTMP),
    (r"handshake: (?:recv|send): client timed out", _LATE),
)
"""The same for nginx-rtmp."""


def _reason(words: str, reasons: Reasons) -> str | None:
    """Return our words for a server's, None if there are none for them."""
    for pattern, ours in reasons:
        if found := pattern.search(words):
            return found.expand(ours)
    return None


@dataclass(frozen=True)
class _Line:
    """What a line says: its level, whom it is about ("" if unknown), why that client is turned away."""

    is_quiet: bool
    sender: str = ""
    reason: str | None = None


class ServerLog:
    """What the journal is told of the log of one server, line by line."""

    name: str
    kind: str
    """The server's name for people, and the one that redact.py knows its lines by."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._passes = True
        self._since, self._told = float("-inf"), 0

    def _read(self, line: str) -> _Line | None:
        """Read a line of the server's; None if it does not begin like one."""
        raise NotImplementedError

    def tell(self, line: str) -> tuple[str, ...]:
        """Return the lines for the journal that a line of the server's makes."""
        line = without_colour(line)
        read = self._read(line)
        if read is None:
            self._passes = self._passes or _REPORT.match(line) is not None
            return (mark(clean(line, ()), self.kind),) if self._passes else ()
        self._passes = read.reason is None and not read.is_quiet
        if self._passes:
            return (clean(line, ()) + (f" (client {read.sender})" if read.sender else ""),)
        return self._turned_away(read.reason, read.sender) if read.reason else ()

    def _turned_away(self, reason: str, sender: str) -> tuple[str, ...]:
        now, left_out = self._clock(), 0
        if now - self._since >= WINDOW:
            left_out = max(0, self._told - MOST_TOLD)
            self._since, self._told = now, 0
        self._told += 1
        if self._told > MOST_TOLD:
            return ()
        more = (f"refused by {self.name}: {left_out} more",) if left_out else ()
        return (*more, f"refused by {self.name}: from {sender or 'an unknown address'}, {reason}")


class SrsLog(ServerLog):
    """SRS: a client's address is in the line of its connection, its reason in the line of its end."""

    name, kind = "SRS", "srs"
    _LINE = re.compile(
        r"\[\d{4}-\d\d-\d\d [\d:.]+\]\[(\w+)\]\[\d+\]\[([^\]]*)\](?:\[\d+\])?(?:\[\w+\])? ?(.*)", re.DOTALL
    )
    _CONNECTED = re.compile(rf"RTMP client ip=({_ADDRESS}):\d+, fd=\d+")
    _LEFT_OUT = "drop unknown header video, "

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock)
        self._senders: OrderedDict[str, str] = OrderedDict()
        self._pictureless: OrderedDict[str, str] = OrderedDict()

    def _read(self, line: str) -> _Line | None:
        found = self._LINE.match(line)
        if found is None:
            return None
        level, client, words = found.groups()
        if level.lower() in _QUIET:
            if connected := self._CONNECTED.match(words):
                # The first line of a client is SRS's own; a later one could be written by the client.
                _remember(self._senders, client, connected[1])
            # SRS has a line for each picture that it leaves out.
            if words.startswith(self._LEFT_OUT) and _remember(self._pictureless, client):
                return _Line(is_quiet=True, sender=self._senders.get(client, ""), reason=_NO_PICTURE)
            return _Line(is_quiet=True)
        reason = _reason(words, _SRS_REASONS) if words.startswith("serve error") else None
        return _Line(is_quiet=False, sender=self._senders.get(client, ""), reason=reason)


def _remember(clients: OrderedDict[str, str], client: str, value: str = "") -> bool:
    """Remember the first value of a client, and forget the oldest client of too many; return if it is new."""
    is_new = client not in clients
    clients.setdefault(client, value)
    if len(clients) > MOST_SENDERS:
        clients.popitem(last=False)
    return is_new


class NginxLog(ServerLog):
    """nginx-rtmp: each line about a client ends with the client's address."""

    name, kind = "nginx-rtmp", "nginx"
    _LINE = re.compile(r"\d{4}/\d\d/\d\d [\d:]+ \[(\w+)\] \d+#\d+: (?:\*\d+ )?(.*)", re.DOTALL)
    _CLIENT = re.compile(rf".*, client: ({_ADDRESS}), server: [\w.:\[\]-]+$", re.DOTALL)

    def _read(self, line: str) -> _Line | None:
        found = self._LINE.match(line)
        if found is None:
            return None
        level, words = found.groups()
        # What a client names stands in quotes, after nginx-rtmp's own words.
        reason = _reason(words.partition("'")[0], _NGINX_REASONS)
        client = self._CLIENT.match(words) if reason else None
        return _Line(level in _QUIET, client[1] if client else "", reason)


LOGS: dict[str, type[ServerLog]] = {"srs": SrsLog, "nginx-rtmp": NginxLog}
"""The log of each server that `ingest.server` may name."""
