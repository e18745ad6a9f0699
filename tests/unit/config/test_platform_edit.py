"""Edits of one platform: what a word on the command line means, and what is refused."""

from typing import Any

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.config import platform_edit
from restream_agent.config.platform_edit import Setting, platform_path, read_setting
from restream_agent.systemd.channels import MAIN

FILE = """\
version = 1
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
[platforms.own]
url = "rtmp://host/app/key"
[channels.es]
key = { credential = "ingest-es" }
[channels.es.platforms.kick]
url = "rtmps://host/app"
key = { file = "/etc/kick" }
"""


@pytest.mark.parametrize(
    ("word", "setting"),
    [
        ("enabled=false", (("enabled",), False)),
        ("video.height=720", (("video", "height"), 720)),
        ("video.fps=29.97", (("video", "fps"), 29.97)),
        ("video.bitrate=3000k", (("video", "bitrate"), "3000k")),
        ("server=EU: Frankfurt, DE", (("server",), "EU: Frankfurt, DE")),
        ('server="720"', (("server",), "720")),
        ("server=", (("server",), None)),
        ("key.credential=other", (("key",), {"credential": "other"})),
        ("key.file=/etc/key", (("key",), {"file": "/etc/key"})),
        ("url=rtmp://host/app?a=b", (("url",), "rtmp://host/app?a=b")),
    ],
)
def test_a_setting_is_read_as_a_person_types_it(word: str, setting: Setting) -> None:
    """Quotes are needed only for a text that looks like a number."""
    assert read_setting(word) == setting


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("enabled", "a setting is written as KEY=VALUE"),
        ("=1", "a setting is written as KEY=VALUE"),
        ("video..height=1", "a setting is written as KEY=VALUE"),
        ("key=live_hidden_key", "a key does not belong on the command line"),
        ("server=a\nb", "a value is one line of printable text"),
    ],
)
def test_a_word_that_is_no_setting_is_refused(word: str, message: str) -> None:
    """Without showing a key."""
    with pytest.raises(RestreamError, match=message) as refused:
        read_setting(word)
    assert "live_hidden_key" not in str(refused.value)


@pytest.mark.parametrize(
    ("channel", "name", "message", "hint"),
    [
        (MAIN, "twich", "there is no platform twich", "did you mean twitch?"),
        (MAIN, "zzz", "there is no platform zzz", "the platforms are twitch, own"),
        (MAIN, "kick", "there is no platform kick", "it belongs to another channel: --channel es"),
        ("es", "twitch", "there is no platform twitch in the channel es", "another channel: --channel main"),
        ("fr", "zzz", "there is no platform zzz in the channel fr", "platform add NAME adds one"),
    ],
)
def test_a_platform_that_is_not_there_has_a_hint(channel: str, name: str, message: str, hint: str) -> None:
    """The name that is closest, the channel that has it, or the names that there are."""
    with pytest.raises(RestreamError) as refused:
        platform_edit.remove(FILE, platform_path(channel, name))
    assert (refused.value.message, hint in refused.value.hint) == (message, True), refused.value.hint


def test_a_platform_is_added_once() -> None:
    """And only to a channel that there is."""
    table: dict[str, Any] = {"preset": "twitch", "key": {"credential": "twitch"}}
    with pytest.raises(RestreamError, match="there is a platform twitch already"):
        platform_edit.add(FILE, platform_path(MAIN, "twitch"), table)
    with pytest.raises(RestreamError, match="there is no channel fr") as refused:
        platform_edit.add(FILE, platform_path("fr", "twitch"), table)
    assert refused.value.hint == "the channels are main, es"
    assert "[channels.es.platforms.twitch]\n" in platform_edit.add(FILE, platform_path("es", "twitch"), table)


def test_what_is_so_already_changes_nothing() -> None:
    """Not even its spelling."""
    path = platform_path(MAIN, "twitch")
    assert platform_edit.enable(FILE, path, enabled=True) == FILE
    assert platform_edit.change(FILE, path, ((("preset",), "twitch"), (("server",), None))) == FILE


def test_another_kind_of_key_takes_the_place_of_the_first() -> None:
    """A key is one of both."""
    after = platform_edit.change(FILE, platform_path("es", "kick"), ((("key",), {"credential": "kick"}),))
    assert after == FILE.replace('{ file = "/etc/kick" }', '{ credential = "kick" }')


def test_a_url_with_its_key_is_refused() -> None:
    """For a platform whose URL ends in its key."""
    with pytest.raises(RestreamError, match="the URL ends in a key"):
        platform_edit.change(FILE, platform_path(MAIN, "own"), ((("url",), "rtmp://host/app/other"),))
