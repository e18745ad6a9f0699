"""What a message holds, how it is signed, and when its delivery is retried."""

import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.notifier.message import (
    LONGEST_TEXT,
    Message,
    Patience,
    body,
    headers,
    is_delivered,
    is_worth_a_retry,
    pause,
    read_news,
    retry_after,
)
from restream_agent.notifier.rate_limit import Notice
from restream_agent.wire.news import News, NewsKind

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
FAILING = News(NewsKind.PLATFORM_FAILING, "twitch", 1764000000.5, "twitch: refusing")


def test_the_signature_is_hmac_sha256_of_the_body() -> None:
    """RFC 4231, test case 2."""
    sent = headers(Message("id", b"what do ya want for nothing?"), b"Jefe")
    mark = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sent["X-Restream-Signature"] == f"sha256={mark}"
    assert (sent["Content-Type"], sent["X-Restream-Delivery"]) == ("application/json", "id")


def test_the_documented_command_makes_the_same_signature() -> None:
    """docs/operations.md: what a receiver may compare with."""
    if not shutil.which("openssl"):
        pytest.skip("openssl not found")
    argv = ("openssl", "dgst", "-sha256", "-hmac", "Jefe")
    done = subprocess.run(argv, input=b"{}", timeout=30, check=True, capture_output=True)
    sent = headers(Message("id", b"{}"), b"Jefe")
    assert done.stdout.decode().split()[-1] == sent["X-Restream-Signature"].removeprefix("sha256=")


def test_nothing_is_signed_without_a_secret() -> None:
    """Rather than signed with an empty one."""
    assert "X-Restream-Signature" not in headers(Message("id", b"{}"), None)


def test_the_body_has_words_for_chats_and_events_for_programs() -> None:
    """ "text" for Slack and Mattermost, "content" for Discord, the same words."""
    notices = (Notice(FAILING, 3), Notice(News(NewsKind.LIVE, None, 1764000001.0, "live again")))
    found = json.loads(body(notices, host="box", sent_at=1764000002.0))
    words = "twitch: refusing (the last of 3 changes since the message before)\nlive again"
    assert (found["text"], found["content"]) == (words, words)
    assert (found["host"], found["sent_at"]) == ("box", 1764000002.0)
    assert found["events"] == [
        {
            "event": "platform_failing",
            "platform": "twitch",
            "at": 1764000000.5,
            "text": "twitch: refusing (the last of 3 changes since the message before)",
            "count": 3,
        },
        {"event": "live", "platform": None, "at": 1764000001.0, "text": "live again", "count": 1},
    ]


def test_the_words_are_no_longer_than_discord_takes() -> None:
    """The events are all there."""
    notices = tuple(Notice(News(NewsKind.LIVE, None, 0.0, "x" * 400)) for _ in range(10))
    found = json.loads(body(notices, host="box", sent_at=0.0))
    assert (len(found["content"]), len(found["events"])) == (LONGEST_TEXT, 10)


@pytest.mark.parametrize(
    ("status", "delivered", "again"),
    [
        (200, True, False),
        (204, True, False),
        (301, False, False),
        (400, False, False),
        (404, False, False),
        (410, False, False),
        (429, False, True),
        (500, False, True),
        (503, False, True),
    ],
)
def test_which_answers_are_worth_another_try(status: int, delivered: bool, again: bool) -> None:
    """Too many requests and the server's own faults; a redirect is not followed."""
    assert (is_delivered(status), is_worth_a_retry(status)) == (delivered, again)


def test_pauses_double_up_to_five_minutes() -> None:
    """With a quarter less by chance, so that many do not come back together."""
    patience = Patience()
    found = [pause(tries, patience=patience, chance=0.0, retry_after=None) for tries in range(1, 12)]
    assert found == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pause(3, patience=patience, chance=1.0, retry_after=None) == 3.0
    assert pause(10**6, patience=patience, chance=0.0, retry_after=None) == 300.0


def test_the_server_s_wish_is_heeded_up_to_five_minutes() -> None:
    """It lengthens a pause, never shortens it."""
    patience = Patience()
    wishes = [30.0, 1e9, 0.0]
    assert [pause(1, patience=patience, chance=0.0, retry_after=one) for one in wishes] == [30.0, 300.0, 1.0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("Tue, 24 Nov 2026 06:02:00 GMT", 120.0),
        ("Tue, 24 Nov 2026 05:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    """RFC 9110, 10.2.3; anything else says nothing."""
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_of_a_server_breaks_it(value: str) -> None:
    """Nothing or seconds come of it."""
    assert (retry_after(value, NOW) or 0.0) >= 0


def test_an_event_is_read_as_the_agent_sends_it() -> None:
    """With a platform or null; a line break in its text becomes a space."""
    sent = {"event": "live", "platform": None, "at": 1.5, "text": "live\nagain"}
    assert read_news(json.dumps(sent).encode()) == News(NewsKind.LIVE, None, 1.5, "live again")


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from(["live", "config_refused"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["event", "platform", "at", "text"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_datagram_is_an_event_or_a_value_error(datagram: bytes) -> None:
    """And an event can be told."""
    try:
        found = read_news(datagram)
    except ValueError:
        return
    assert json.loads(body((Notice(found),), host="h", sent_at=0.0))["events"][0]["at"] == found.at
