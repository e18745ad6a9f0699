"""News between the agent and the notifier."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire.news import News, NewsKind

FAILING = News(NewsKind.PLATFORM_FAILING, "twitch", 1764000000.5, "twitch gets nothing: refusing")


def test_the_kind_is_called_event_in_the_json() -> None:
    """Webhooks and commands get it under this name."""
    assert FAILING.as_table() == {
        "event": "platform_failing",
        "platform": "twitch",
        "at": 1764000000.5,
        "text": "twitch gets nothing: refusing",
    }


@given(
    st.builds(
        News,
        kind=st.sampled_from(NewsKind),
        platform=st.none() | st.text(st.characters(categories=["L", "N"]), max_size=9),
        at=st.floats(0, 1e10),
        channel=st.sampled_from(["", "main", "es"]),
        text=st.text(st.characters(codec="utf-8"), max_size=9),
    )
)
def test_what_the_agent_sends_is_what_the_notifier_reads(news: News) -> None:
    """Through a datagram."""
    assert News.read(news.to_datagram()) == news


@pytest.mark.parametrize(
    "change",
    [{"event": "other"}, {"event": 1}, {"platform": "a\nb"}, {"platform": 1}, {"channel": "a\nb"}, {"at": -1},
     {"at": 1e12}, {"at": True}, {"at": float("nan")}, {"text": None}],
)  # fmt: skip
def test_what_is_no_news_is_a_value_error(change: dict[str, Any]) -> None:
    """Without the content of the datagram in its message."""
    with pytest.raises(ValueError, match=r"^((event|channel|platform|at|text): |NaN)"):
        News.read(json.dumps(FAILING.as_table() | change).encode())


def test_what_a_later_agent_says_besides_is_left_out() -> None:
    """A notifier of before an upgrade goes on until it has nothing to do, and tells what it understands."""
    assert News.read(json.dumps(FAILING.as_table() | {"more": [1], "a\nb": None}).encode()) == FAILING


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (NewsKind.LIVE, "channel"),
        (NewsKind.CONFIG_REFUSED, "config"),
        (NewsKind.PLATFORM_RECOVERED, "platform twitch"),
    ],
)
def test_news_is_about_one_subject(kind: NewsKind, subject: str) -> None:
    """By which it is limited in number."""
    assert News(kind, "twitch", 0.0, "").subject == subject
    assert News(kind, "twitch", 0.0, "", channel="es").subject == f"{subject} of es"


def test_a_channel_is_named_where_there_are_several() -> None:
    """Where there is one, the JSON is as it has always been."""
    assert replace(FAILING, channel="es").as_table() == FAILING.as_table() | {"channel": "es"}
