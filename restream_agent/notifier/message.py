"""The messages that are delivered, and what the server's answers mean.

Pure: identity, time and chance are given.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from restream_agent.base.doubling import doubled_pause
from restream_agent.base.one_line import printable
from restream_agent.notifier.rate_limit import Notice
from restream_agent.wire.news import News

LONGEST_TEXT = 2000
"""Characters. Discord refuses a longer `content`."""

LAST_TRY = 5
"""Seconds that the notifier takes, when it is stopped, to deliver what still waits."""

LONGEST_LINE = 500
"""Characters of the text of one piece of news; the agent's texts are shorter."""


@dataclass(frozen=True)
class Message:
    """One message to deliver; `identity` stays the same in every try."""

    identity: str
    body: bytes


@dataclass(frozen=True)
class Patience:
    """How long a message is retried, in seconds: the first pause, the longest pause, all tries together."""

    first: float = 1.0
    longest: float = 300.0
    in_all: float = 3600.0


def read_news(datagram: bytes) -> News:
    """Read a datagram of the agent's, its text fit for one line; ValueError if it is not news."""
    news = News.read(datagram)
    return replace(news, text=_shortened(printable(news.text), LONGEST_LINE))


def body(notices: tuple[Notice, ...], *, host: str, sent_at: float) -> bytes:
    """Return the JSON that is posted: Slack and Mattermost show its "text", Discord its "content"."""
    text = _shortened("\n".join(notice.text for notice in notices), LONGEST_TEXT)
    events = [notice.news.as_table() | {"text": notice.text, "count": notice.count} for notice in notices]
    values = {"text": text, "content": text, "host": host, "sent_at": sent_at, "events": events}
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")


def headers(message: Message, secret: bytes | None) -> dict[str, str]:
    """Return the message's HTTP headers; a secret adds the HMAC-SHA256 of the body (RFC 2104)."""
    fields = {
        "Content-Type": "application/json",
        "User-Agent": "restream-agent",
        "X-Restream-Delivery": message.identity,
    }
    if secret is not None:
        signature = hmac.new(secret, message.body, hashlib.sha256).hexdigest()
        fields["X-Restream-Signature"] = f"sha256={signature}"
    return fields


def is_delivered(status: int) -> bool:
    """Whether an HTTP status means that the message has arrived."""
    return 200 <= status < 300


def is_worth_a_retry(status: int) -> bool:
    """Whether the message may be accepted later: after too many requests, or a fault of the server."""
    return status == 429 or status >= 500


def pause(tries: int, *, patience: Patience, chance: float, retry_after: float | None) -> float:
    """Return how many seconds to wait after so many tries (at least 1).

    The pause doubles with each try, and is shortened by up to a quarter by `chance`, which is from 0 to 1.
    The server may ask for a longer pause by `retry_after`, up to the longest pause.
    """
    doubled = doubled_pause(tries, first=patience.first, longest=patience.longest)
    return min(patience.longest, max(retry_after or 0.0, doubled * (1 - chance / 4)))


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return what a Retry-After header (RFC 9110, 10.2.3) asks for, in seconds from now.

    The header holds seconds or a date; None if it is missing or holds neither.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):  # no date, or a date without a time zone
        return None


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
