"""A TOML text becomes a configuration, its relays and its warnings."""

import traceback
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.base.errors import ConfigError
from restream_agent.config.load import examine, load
from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.config.table import SecretRef

INGEST = 'version = 1\n[ingest]\nkey = { credential = "ingest" }\n'
KICK = "fa723fc1b171.global-contribute.live-video.net"


def config(text: str = "", *, start: str = INGEST) -> Config:
    """Load a text that begins with a valid ingest table."""
    return load(start + text, source="restream.toml")


def warned(text: str = "", *, start: str = INGEST) -> list[str]:
    """Load a text and give its warnings."""
    found = examine(start + text, source="restream.toml")
    assert not found.problems
    return [str(problem) for problem in found.warnings]


def test_defaults() -> None:
    """A file with only the ingest key has the documented defaults."""
    loaded = config()
    assert (loaded.ingest.server, loaded.ingest.listen) == ("srs", "0.0.0.0:1935")
    assert (loaded.ingest.stall, loaded.ingest.timeout, loaded.ingest.settle) == (1.0, 10.0, 0.0)
    assert (loaded.ingest.manage, loaded.ingest.binary) == (True, None)
    assert (loaded.fallback.video, loaded.fallback.message) == ((), "We will be right back")
    assert (loaded.fallback.hold, loaded.fallback.standby, loaded.fallback.opening) == (1800.0, False, 5.0)
    assert (loaded.fallback.match, loaded.fallback.keyframe) == (None, 2.0)
    assert loaded.platforms == {}


def test_spans_are_text_or_numbers() -> None:
    """A number is in seconds."""
    fallback = config('[fallback]\nhold = 90\nopening = "1.5s"\nkeyframe = 0.5').fallback
    assert (fallback.hold, fallback.opening, fallback.keyframe) == (90.0, 1.5, 0.5)


def test_forever_has_no_end() -> None:
    """`hold = "forever"` is None."""
    assert config('[fallback]\nhold = "forever"').fallback.hold is None


def test_one_video_or_several() -> None:
    """One path is a list of one."""
    assert config('[fallback]\nvideo = "/a.mp4"').fallback.video == (Path("/a.mp4"),)
    assert config('[fallback]\nvideo = ["/a.mp4", "/b.mp4"]').fallback.video == (
        Path("/a.mp4"),
        Path("/b.mp4"),
    )


def test_any_key_is_none() -> None:
    """`ingest.key = "any"` asks for no key."""
    assert config(start='version = 1\n[ingest]\nkey = "any"\n').ingest.key is None


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "0.0.0.0:65535"])
def test_listens_on_either_protocol(listen: str) -> None:
    """IPv4 addresses are taken, with any port."""
    assert config(f'listen = "{listen}"').ingest.listen == listen


def test_a_key_in_the_clear_is_kept_but_not_shown() -> None:
    """A plain key can be read on purpose only."""
    key = config('[platforms.a]\nurl = "rtmp://h/app"\nkey = "hidden"').platforms["a"].key
    assert key is not None
    assert key.plain is not None
    assert key.plain.get_secret_value() == "hidden"
    assert "hidden" not in repr(key)


def test_a_byte_order_mark_is_passed_over() -> None:
    """A file saved by an editor that puts one in front loads."""
    assert config(start="\ufeff" + INGEST).version == 1


def test_the_config_cannot_be_changed() -> None:
    """The models are frozen."""
    with pytest.raises(ValueError, match="frozen"):
        config().ingest.stall = 5.0  # type: ignore[misc]


def test_relays_of_the_enabled_platforms() -> None:
    """One relay for each enabled platform in the file's order, each followed by its backup."""
    loaded = config(
        '[platforms.yt]\npreset = "youtube"\nbackup = true\nkey = { credential = "yt" }\n'
        '[platforms.off]\npreset = "twitch"\nenabled = false\nkey = "k"\n'
        '[platforms.fra]\npreset = "twitch"\nserver = "frankfurt"\nkey = { file = "/k" }\n'
        f'[platforms.kick]\npreset = "kick"\nurl = "rtmps://{KICK}"\nkey = "k?a=1"\n'
        '[platforms.club]\nurl = "rtmp://h/app/stream"\nvideo = { bitrate = "3M" }\n'
    )
    assert [(relay.name, relay.platform, relay.url) for relay in relays(loaded)] == [
        ("yt", "yt", "rtmps://a.rtmps.youtube.com:443/live2"),
        ("yt-backup", "yt", "rtmps://b.rtmps.youtube.com:443/live2?backup=1"),
        ("fra", "fra", "rtmp://live-fra.twitch.tv/app"),
        ("kick", "kick", f"rtmps://{KICK}:443/app"),
        ("club", "club", "rtmp://h/app"),
    ]
    assert [relay.key for relay in relays(loaded)[:4]] == [
        loaded.platforms[name].key for name in ("yt", "yt", "fra", "kick")
    ]
    assert relays(loaded)[4].transcode == loaded.platforms["club"].video


@pytest.mark.parametrize(
    ("written", "url", "key"),
    [
        ("rtmp://h/app/stream", "rtmp://h/app", "stream"),
        ("rtmps://h:443/app/stream?a=1&b=2", "rtmps://h:443/app", "stream?a=1&b=2"),
        ("rtmp://h/app/instance/stream/", "rtmp://h/app/instance", "stream"),
    ],
)
def test_a_key_at_the_end_of_a_url_is_taken_off(written: str, url: str, key: str) -> None:
    """A relay's URL, which goes into a command line, never ends in its key."""
    (relay,) = relays(config(f'[platforms.a]\nurl = "{written}"'))
    assert relay.key.plain is not None
    assert (url, key) == (relay.url, relay.key.plain.get_secret_value())


def test_bitrates_are_in_bits_a_second() -> None:
    """Both suffixes are decimal."""
    video = 'url = "rtmp://h/app"\nkey = "k"\nvideo = { bitrate = "2.5M" }'
    transcode = config(f"[platforms.a]\n{video}").platforms["a"].video
    assert transcode is not None
    assert transcode.bitrate == 2_500_000


def test_a_good_file_has_no_warnings() -> None:
    """Nothing is said where nothing is risky."""
    assert warned('[platforms.a]\npreset = "twitch"\nkey = { credential = "a" }') == []


OPEN = 'version = 1\n[ingest]\nkey = "any"\n'
CLEAR = "store it with `restream-agent secret set {}` and write key = "
SENT = '[platforms.a]\nkey = { credential = "a" }\n'


@pytest.mark.parametrize(
    ("start", "text", "warning"),
    [
        (INGEST, "", "restream.toml:1:1: platforms: no platform is enabled: nothing will be sent "
         "(add [platforms.NAME])"),
        (INGEST, '[platforms.a]\npreset = "twitch"\nkey = "hidden"',
         f'restream.toml:6:7: platforms.a.key: is written in the clear ({CLEAR.format("a")}'
         '{ credential = "a" })'),
        (INGEST, '[platforms.a]\nurl = "rtmp://h/app/hidden"',
         "restream.toml:5:7: platforms.a.url: ends in a key, written in the clear "
         f'(end the URL after the application; {CLEAR.format("a")}{{ credential = "a" }})'),
        (INGEST, SENT + 'preset = "facebook"\nurl = "rtmp://h/rtmp"',
         "restream.toml:7:7: platforms.a.url: Facebook Live accepts rtmps:// only "
         "(write rtmps:// and port 443)"),
        (INGEST, SENT + f'preset = "kick"\nurl = "rtmps://{KICK}"',
         "restream.toml:7:7: platforms.a.url: has no port and no application: :443/app is added "
         "(add :443/app to it)"),
        (INGEST, '[fallback]\nhold = "forever"\n' + SENT + 'preset = "twitch"',
         "restream.toml:5:8: fallback.hold: Twitch (a) ends a broadcast after 48 hours "
         '(a hold of more than "48h" has no effect there)'),
        (INGEST, '[fallback]\nhold = "9h"\n' + SENT + 'preset = "facebook"',
         "restream.toml:5:8: fallback.hold: Facebook Live (a) ends a broadcast after 8 hours "
         '(a hold of more than "8h" has no effect there)'),
        (INGEST, '[fallback]\nkeyframe = "5s"\n' + SENT + 'preset = "youtube"',
         "restream.toml:5:12: fallback.keyframe: YouTube asks for a keyframe every 4s or more often "
         "(a receives the fallback unchanged)"),
        (INGEST, SENT + 'preset = "x"\nvideo = { bitrate = "3M", keyframe = "4s" }',
         "restream.toml:7:38: platforms.a.video.keyframe: X (Twitter) asks for a keyframe every 3s "
         "or more often"),
        (INGEST, SENT + 'preset = "twitch"\nvideo = { bitrate = "9M" }',
         "restream.toml:7:21: platforms.a.video.bitrate: Twitch accepts at most 6000k of video"),
        (INGEST, SENT + 'preset = "mixcloud"\nvideo = { bitrate = "3M", fps = 60 }',
         "restream.toml:7:33: platforms.a.video.fps: Mixcloud accepts at most 30 frames a second"),
        (OPEN, SENT + 'preset = "twitch"',
         "restream.toml:3:7: ingest.key: anyone who reaches 0.0.0.0:1935 can broadcast "
         '(set a key, or listen = "127.0.0.1:1935")'),
        ('version = 1\n[ingest]\nkey = "hidden-and-long"\n', SENT + 'preset = "twitch"',
         f'restream.toml:3:7: ingest.key: is written in the clear ({CLEAR.format("ingest")}'
         '{ credential = "ingest" })'),
    ],
)  # fmt: skip
def test_warns(start: str, text: str, warning: str) -> None:
    """What is risky or will not work as meant is said once, with its line, and nothing else is."""
    assert warned(text, start=start) == [warning]


def test_any_key_on_loopback_is_no_risk() -> None:
    """Nobody else reaches it."""
    start = 'version = 1\n[ingest]\nkey = "any"\nlisten = "127.0.0.1:1935"\n'
    assert warned('[platforms.a]\npreset = "twitch"\nkey = { credential = "a" }', start=start) == []


def test_a_disabled_platform_is_warned_of_its_clear_key_only() -> None:
    """What is not sent cannot be refused, but its key is in the file all the same."""
    text = '[platforms.a]\npreset = "facebook"\nurl = "rtmp://h/rtmp"\nkey = "k"\nenabled = false'
    assert [each.split(" ")[1] for each in warned(text)] == ["platforms:", "platforms.a.key:"]


SECRET = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_characters='"\\\x7f'), min_size=1
).map("sEcReT".__add__)
PLACES = [
    'version = 1\n[ingest]\nkey = "{}"',
    'version = 1\nx = 1\n[ingest]\nkey = "{}"',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\npreset = "twitch"\nkey = "{}"',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\npreset = "twitch"\nkey = ["{}"]',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\npreset = "kick"\nkey = "{}"',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app/{}"',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://user:{}@h/app"\nkey = "x"',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app"\nkey = "x {}"',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app"\nkey = {{ plain = "{}" }}',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app"\nkey = {{ file = "{}" }}',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app"\nkey = {{ credential = "?{}" }}',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app"\nkay = "{}"',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app"\nkey = "{}',
    'version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/app"\nkey = "{}\\q"',
    'version = 1\n[ingest]\nkey = "any"\nkey = "{}"',
    'version = 1\n[ingest]\nkey = "any"\n[notify]\nwebhook = "http://h/{}"\nsecret = "{}"',
    'version = 1\n[ingest]\nkey = "any"\n[notify]\nwebhook = "https://{}:x/"',
    'version = 1\n[ingest]\nkey = "any"\n[notify]\nwebhook = "{}"',
    'version = 1\n[ingest]\nkey = "any"\n[notify]\nwebhook = ["{}"]\nsecret = {{ plain = "{}" }}',
]


@given(SECRET, st.sampled_from(PLACES))
def test_no_secret_is_ever_shown(secret: str, place: str) -> None:
    """A key is in no text of the configuration, its relays, its warnings, an error or its traceback."""
    text = place.replace("{}", secret).replace("{{", "{").replace("}}", "}")
    try:
        loaded = load(text, source="restream.toml")
    except ConfigError as error:
        shown = [str(error), repr(error), repr(error.problems), "".join(traceback.format_exception(error))]
        shown.append(repr(error.__context__))
    else:
        shown = [
            str(loaded),
            repr(loaded),
            repr(relays(loaded)),
            repr(examine(text, source="restream.toml")),
        ]
    assert not [each for each in shown if "sEcReT" in each]


@given(st.text())
def test_any_text_loads_or_is_refused(text: str) -> None:
    """No text whatever ends in another error than ConfigError."""
    with pytest.raises(ConfigError):
        load(text, source="restream.toml")


VALUES = st.recursive(
    st.booleans()
    | st.integers(-(10**400), 10**400).map(str)
    | st.floats().map(str)
    | st.just('"x"')
    | st.just('""'),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda each: f"[{', '.join(map(str, each))}]")
        | inner.map(lambda each: f"{{ credential = {each} }}")
        | inner.map(lambda each: f"{{ a = {each} }}")
    ),
    max_leaves=3,
).map(lambda value: str(value).lower() if isinstance(value, bool) else str(value))
KEYS = ["version", "ingest", "platforms", "platforms.a", "platforms.a.video", "fallback"] + [
    f"{table}.{key}"
    for table, keys in {
        "ingest": "server listen key stall manage binary x",
        "fallback": "video message hold standby match keyframe match.fps match.width match.channels",
        "platforms.a": "preset server url key enabled backup video video.fps video.bitrate video.height",
    }.items()
    for key in keys.split()
]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5))
def test_any_value_anywhere_loads_or_is_refused(values: dict[str, str]) -> None:
    """No value of the wrong kind, however odd, ends in another error than ConfigError."""
    text = "\n".join(f"{key} = {value}" for key, value in values.items())
    with suppress(ConfigError):
        load(text, source="restream.toml")


def test_a_secret_reference_says_where() -> None:
    """The three forms are told apart by what is set."""
    assert SecretRef.model_validate({"credential": "a"}).credential == "a"
    assert SecretRef.model_validate({"file": "/a"}).file == Path("/a")
    assert SecretRef.model_validate("a").plain is not None
