"""What a delivery looks like, and what an answer to one means. Pure: identity, time and chance are given."""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from restream_agent.base.doubling import doubled_pause
from restream_agent.base.one_line import printable
from restream_agent.notifier.rate_limit import News, Notice
from restream_agent.wire.news import Kind

LONGEST_TEXT = 2000
"""Characters. Discord refuses a longer `content`."""

LAST_TRY = 5
"""Seconds that the notifier takes, once it is told to stop, to tell what has not been told."""

LONGEST_LINE = 500
"""Characters of one event's text; the agent's are shorter."""


_NO_TIME = 1e11
"""Seconds since 1970; the year 5138."""


@dataclass(frozen=True)
class Message:
    """One message to deliver; `identity` is the same in each try of it."""

    identity: str
    body: bytes


@dataclass(frozen=True)
class Patience:
    """How long a delivery is tried again, in seconds: the first pause, the longest one, all in all."""

    first: float = 1.0
    longest: float = 300.0
    in_all: float = 3600.0


def read_event(datagram: bytes) -> News:
    """Return the event that the agent sent; ValueError if it is none."""
    values = json.loads(datagram)
    if not isinstance(values, dict) or values.get("event") not in tuple(Kind):
        raise ValueError("no event that is known")
    platform, at, text = values.get("platform"), values.get("at"), values.get("text")
    if not isinstance(platform, str | None) or not (platform or "").isprintable():
        raise ValueError("the platform is no name")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < _NO_TIME:  # nan, too
        raise ValueError("no time")
    if not isinstance(text, str):
        raise ValueError("no text")
    return News(Kind(values["event"]), platform, float(at), _shortened(printable(text), LONGEST_LINE))


def body(told: tuple[Notice, ...], *, host: str, sent_at: float) -> bytes:
    """Return the JSON that is posted: Slack and Mattermost show its "text", Discord its "content"."""
    words = _shortened("\n".join(one.text for one in told), LONGEST_TEXT)
    events = [{**asdict(one.event), "text": one.text, "count": one.count} for one in told]
    values = {"text": words, "content": words, "host": host, "sent_at": sent_at, "events": events}
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")


def headers(delivery: Message, secret: bytes | None) -> dict[str, str]:
    """Return what is sent along; with a secret, the HMAC-SHA256 of the body by it (RFC 2104)."""
    found = {
        "Content-Type": "application/json",
        "User-Agent": "restream-agent",
        "X-Restream-Delivery": delivery.identity,
    }
    if secret is not None:
        mark = hmac.new(secret, delivery.body, hashlib.sha256).hexdigest()
        found["X-Restream-Signature"] = f"sha256={mark}"
    return found


def is_delivered(status: int) -> bool:
    """Whether an answer means that the message has arrived."""
    return 200 <= status < 300


def may_change(status: int) -> bool:
    """Whether the same message may get another answer later: too many requests, or the server's fault."""
    return status == 429 or status >= 500


def pause(tries: int, *, patience: Patience, chance: float, retry_after: float | None) -> float:
    """Return how many seconds to wait after so many tries, at least 1: doubling, less up to a quarter.

    `chance` is from 0 to 1; what the server asks for is heeded up to the longest pause.
    """
    doubled = doubled_pause(tries, first=patience.first, longest=patience.longest)
    return min(patience.longest, max(retry_after or 0.0, doubled * (1 - chance / 4)))


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read the header (RFC 9110, 10.2.3), seconds or a date, as seconds from now; None if it says nothing."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a time zone
        return None


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
