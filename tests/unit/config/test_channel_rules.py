"""What a channel says has to go with the rest of the file: each problem and each warning is at its key."""

import pytest

from restream_agent.base.errors import ConfigError
from restream_agent.config import channel_rules
from restream_agent.config.channels import channel_configs
from restream_agent.config.load import examine, load

TOP = """version = 1
[ingest]
key = { credential = "ingest" }
timeout = "4s"
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
"""
CHANNEL = """[channels.es]
key = { credential = "ingest-es" }
"""
PLATFORM = """[channels.es.platforms.twitch]
preset = "twitch"
key = { credential = "twitch-es" }
"""


def problems(text: str) -> list[tuple[int, str, str]]:
    """Return (line, key, message) of each problem of a file."""
    with pytest.raises(ConfigError) as raised:
        load(text, source="t")
    return [(one.line, one.path, one.message) for one in raised.value.problems]


def warned(text: str) -> list[tuple[str, str]]:
    """Return (key, message) of each warning about a file."""
    return [(one.path, one.message) for one in examine(text, source="t").warnings]


def test_a_channel_s_stall_is_shorter_than_the_server_s_timeout() -> None:
    """The server closes a silent OBS, whichever channel it sends to."""
    stall = 'ingest = { stall = "4s" }\n'
    message = "must be shorter than timeout in [ingest], which is 4s"
    assert problems(TOP + CHANNEL + stall) == [(10, "channels.es.ingest.stall", message)]
    load(TOP + CHANNEL + stall.replace("4s", "3s"), source="t")


def test_a_channel_has_no_timeout_of_its_own() -> None:
    """It is the server's, for all that it serves."""
    (problem,) = problems(TOP + CHANNEL + 'ingest = { timeout = "9s" }\n')
    assert problem[1:] == ("channels.es.ingest.timeout", "is not a known key")


def test_a_key_that_obs_cannot_send_is_refused_in_a_channel_too() -> None:
    """With the reason."""
    ((line, key, message),) = problems(TOP + '[channels.es]\nkey = "fake/key/of/es"\n')
    assert (line, key) == (9, "channels.es.key")
    assert "/" in message


def test_a_channel_does_not_take_any_key() -> None:
    """What opens `main` for everyone would be the key of a channel, which everyone can guess."""
    ((line, key, message),) = problems(TOP + '[channels.es]\nkey = "any"\n')
    assert (line, key) == (9, "channels.es.key")
    assert message == "must be a key: only [ingest] may accept any"


def test_a_backup_relay_s_name_is_taken_within_a_channel_only() -> None:
    """Relays of two channels have different names."""
    backed_up = PLATFORM.replace("twitch]", "youtube]").replace('"twitch"', '"youtube"') + "backup = true\n"
    other = PLATFORM.replace("twitch]", "youtube-backup]")
    ((line, key, message),) = problems(TOP + CHANNEL + backed_up + other)
    assert (line, key) == (14, "channels.es.platforms.youtube-backup")
    assert message == "is the name of youtube's backup relay"
    load(TOP + CHANNEL + backed_up + other.replace("channels.es.", ""), source="t")


def test_relays_of_two_channels_do_not_share_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """ffmpeg's reports are told apart by it."""
    monkeypatch.setattr(channel_rules, "sender_of", lambda _: "127.64.0.1")
    ((line, key, message),) = problems(TOP + CHANNEL + PLATFORM)
    assert (line, key) == (10, "channels.es.platforms.twitch")
    assert message == "gets, by chance, the same loopback address for its reports as twitch"


def test_two_channels_do_not_send_to_one_place() -> None:
    """The platform would take one of the two."""
    ((_, key, message),) = problems(TOP + CHANNEL + PLATFORM.replace("twitch-es", "twitch"))
    assert key == "channels.es.platforms.twitch"
    assert message == "sends to the same place with the same key as twitch"


def test_a_channel_does_not_feed_the_ingest_server() -> None:
    """Its relay would come back as OBS."""
    loop = PLATFORM.replace('preset = "twitch"', 'url = "rtmp://127.0.0.1/live"')
    ((_, key, message),) = problems(TOP + CHANNEL + loop)
    assert key == "channels.es.platforms.twitch"
    assert message.startswith("sends the program to this machine's own ingest server")


def test_what_is_risky_is_said_of_a_channel_too() -> None:
    """At its own place in the file."""
    channel = CHANNEL.replace('{ credential = "ingest-es" }', '"fake-es"')
    hold, clear = 'fallback = { hold = "60h" }\n', PLATFORM.replace('{ credential = "twitch-es" }', '"fake"')
    assert warned(TOP + channel + hold + clear) == [
        ("channels.es.key", "is written in the clear"),
        ("channels.es.key", "is short enough to be guessed"),
        ("channels.es.fallback.hold", "Twitch (twitch) ends a broadcast after 48 hours"),
        ("channels.es.platforms.twitch.key", "is written in the clear"),
    ]


@pytest.mark.parametrize(
    "key", ['{ credential = "one" }', '{ file = "/run/secrets/one" }', '"fake-ingest-1"']
)
def test_channels_with_one_key_are_said(key: str) -> None:
    """Who may send to one of them may send to the other: each channel after the first names the first."""
    top, es = TOP.replace('{ credential = "ingest" }', key), f"[channels.es]\nkey = {key}\n"
    said = [one for one in warned(top + es + es.replace(".es", ".en")) if "is the key of" in one[1]]
    words = "is the key of main, too (line 3): whoever may send to one of them may send to the other"
    assert said == [("channels.es.key", words), ("channels.en.key", words)]
    assert warned(TOP + CHANNEL + PLATFORM) == []


def test_a_key_that_a_platform_has_too_is_no_channel_s_key() -> None:
    """And a main that takes any key shares it with nobody."""
    top, es = TOP.replace('{ credential = "ingest" }', '"any"'), CHANNEL.replace("ingest-es", "twitch-es")
    assert not [message for _, message in warned(top + es + PLATFORM) if "is the key of" in message]


def test_a_message_beside_the_video_of_the_top_is_said() -> None:
    """It is hardly shown; an empty list of videos shows it."""
    top = TOP + '[fallback]\nvideo = "/srv/one.mp4"\n'
    message = CHANNEL + 'fallback = { message = "Ya volvemos" }\n'
    words = "is shown only while the video of [fallback] cannot be, which the channel has too"
    assert warned(top + message + PLATFORM) == [("channels.es.fallback.message", words)]
    assert warned(TOP + message + PLATFORM) == []
    slate = top + message.replace("message", "video = [], message") + PLATFORM
    assert warned(slate) == []
    (_, es) = channel_configs(load(slate, source="t")).values()
    assert (es.fallback.video, es.fallback.message) == ((), "Ya volvemos")


def test_a_channel_without_a_platform_is_said() -> None:
    """Not so the top of a file that has channels: it may be there for the other ones."""
    no_platform = "no platform is enabled: nothing will be sent"
    assert warned(TOP + CHANNEL) == [("channels.es.platforms", no_platform)]
    top = TOP.partition("[platforms")[0]
    assert warned(top + CHANNEL + PLATFORM) == []
    assert warned(top) == [("platforms", no_platform)]
