"""News: what the agent tells the notifier, and the notifier tells the webhook and the command. Pure."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from restream_agent.wire import records

_NO_TIME = 1e11
"""Seconds since 1970; the year 5138."""


class NewsKind(StrEnum):
    """What happened, in the words of the JSON that users receive."""

    ON_AIR = "on_air"
    FALLBACK = "fallback"
    LIVE = "live"
    OFF_AIR = "off_air"
    PLATFORM_FAILING = "platform_failing"
    PLATFORM_RECOVERED = "platform_recovered"
    PLATFORM_RENEWAL = "platform_renewal"
    PLATFORM_OUT_OF_SYNC = "platform_out_of_sync"
    PLATFORM_IN_SYNC = "platform_in_sync"
    CONFIG_REFUSED = "config_refused"
    INGEST_FAILING = "ingest_failing"
    INGEST_RECOVERED = "ingest_recovered"
    CODEC_REFUSED = "codec_refused"

    @property
    def is_about_a_platform(self) -> bool:
        """Whether news of this kind is about one platform."""
        return self.startswith("platform_")

    @property
    def is_trouble(self) -> bool:
        """Whether news of this kind calls for action."""
        return self in (
            NewsKind.PLATFORM_FAILING,
            NewsKind.PLATFORM_OUT_OF_SYNC,
            NewsKind.CONFIG_REFUSED,
            NewsKind.INGEST_FAILING,
            NewsKind.CODEC_REFUSED,
        )


@dataclass(frozen=True)
class News:
    """One piece of news; in the JSON its kind is the "event".

    `platform` is the name of the platform it is about, None if it is about the channel. `at` is in seconds
    since 1970, `text` one line for people. `channel` is "" where there is only one, and of news that is about
    the whole machine; then it is left out of the JSON.
    """

    kind: NewsKind = field(metadata={records.KEY: "event"})
    platform: str | None
    at: float
    text: str
    channel: str = ""

    @property
    def subject(self) -> str:
        """What the news is about: "channel", "config", "ingest", "codec", or "platform NAME".

        The name of the channel follows, if the news has one: no channel uses up what another may send.
        """
        if self.kind.is_about_a_platform:
            subject = f"platform {self.platform}"
        elif self.kind in (NewsKind.INGEST_FAILING, NewsKind.INGEST_RECOVERED):
            subject = "ingest"
        else:
            own = {NewsKind.CONFIG_REFUSED: "config", NewsKind.CODEC_REFUSED: "codec"}
            subject = own.get(self.kind, "channel")
        return f"{subject} of {self.channel}" if self.channel else subject

    def as_table(self) -> dict[str, Any]:
        """Return the plain data of the JSON."""
        table = records.as_table(self)
        return table if self.channel else {key: value for key, value in table.items() if key != "channel"}

    def to_datagram(self) -> bytes:
        """Return the datagram for the notifier."""
        return json.dumps(self.as_table()).encode()

    @classmethod
    def read(cls, datagram: bytes) -> "News":
        """Read a datagram of the agent's; ValueError, without the datagram's content, if it is not news.

        The agent may be of a later version: it is restarted more often. Its news is worth more than a key.
        """
        try:
            news = records.parse_known(cls, datagram)
        except TypeError as error:
            raise ValueError(str(error)) from error
        for key, name in (("platform", news.platform or ""), ("channel", news.channel)):
            if not name.isprintable():
                raise ValueError(f"{key}: is not printable")
        if not 0 <= news.at < _NO_TIME:
            raise ValueError("at: is not a time of day")
        return news
