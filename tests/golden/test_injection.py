"""A value of the TOML stays a value.

It cannot become a directive, an option of ffmpeg or a line of a server's configuration.
"""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.base import paths
from restream_agent.base.errors import ConfigError
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.deploy.changes import compare, describe
from restream_agent.render import assets
from restream_agent.render.ffmpeg import KEY_PRESET, STALL, relay_command
from restream_agent.render.tree import render
from restream_agent.systemd import escaping
from tests.golden.rendering import fixed_facts
from tests.golden.unit_parser import argv, directives

PRINTABLE = st.text(st.sampled_from("aA0 %$\"'\\;#=[]{}()-/:@&?!`|<>,.~^*ü漢"), max_size=30)
ANY = st.text(
    st.sampled_from("a%$\"'\\;# \u2028\u0085\n\r\t\x1b") | st.characters(codec="utf-8"), max_size=30
)
PATHS = PRINTABLE.map(lambda text: f"/{text}")
LINES = (
    "%n",
    "$HOME",
    "${HOME}",
    "\\",
    'a" "b',
    "a\nExecStart=/bin/false",
    "; /bin/false",
    "x y",
    "]\n[Service]",
)
URL_CHARACTERS = "".join(map(chr, range(33, 127)))
URLS = st.text(st.sampled_from(URL_CHARACTERS) | st.sampled_from("$%{}\"'\\;?/"), max_size=40).map(
    lambda text: f"rtmp://h/{text}"
)
GUARD = ("/opt/restream-agent/bin/python3", "-I", "-m", "restream_agent.launchers.ingest_server")
ATTEMPT = ("/opt/restream-agent/bin/python3", "-I", "-m", "restream_agent.launchers.relay_attempt")
ENVIRONMENT = {"RUNTIME_DIRECTORY": "/run/x", "RELAY_STALL_US": "20000000"}
ASSETS = assets.load()

# A TOML basic string has JSON's escapes, except surrogates, which json never writes here.
quoted = json.JSONEncoder(ensure_ascii=False).encode


def configured(**values: str) -> Config:
    """Load a TOML with the given values and plain ones for the rest; ConfigError for a refused value."""
    given = {
        "message": "m",
        "video": "/v",
        "binary": "/b",
        "url": "rtmp://h/app",
        "file": "/k",
        "plain": "k",
        "ingest": "/i",
        "webhook": "/w",
        **values,
    }
    text = {key: quoted(value).replace("\x7f", "\\u007F") for key, value in given.items()}
    toml = f"""
version = 1
[ingest]
key = {{ file = {text["ingest"]} }}
binary = {text["binary"]}
[fallback]
video = {text["video"]}
message = {text["message"]}
[platforms.one]
url = {text["url"]}
key = {{ file = {text["file"]} }}
[platforms.two]
url = "rtmp://h/app"
key = {text["plain"]}
[notify]
webhook = {{ file = {text["webhook"]} }}
[channels.es]
key = {{ file = {text["ingest"]} }}
fallback = {{ video = {text["video"]}, message = {text["message"]} }}
[channels.es.platforms.one]
url = {text["url"]}
key = {{ credential = "es" }}
"""
    return load(toml, source="t")


def accepted(**values: str) -> Config:
    """Load as `configured` does, with plain values in place of refused ones."""
    kept = {}
    for key, value in values.items():
        with suppress(ConfigError):
            configured(**{key: value})
            kept[key] = value
    return configured(**kept)


def rendered(config: Config, source: str = "/etc/restream-agent/restream.toml") -> Tree:
    return render(config, replace(fixed_facts(config), source=source), ASSETS)


def shape(tree: Tree) -> dict[str, object]:
    """Return what no value may change: the assignments of each unit, and the first words of other lines."""
    shapes: dict[str, object] = {}
    for path, entry in tree.items():
        if not isinstance(entry, File) or path.startswith(paths.INLINE_KEYS):
            shapes[path] = entry if not isinstance(entry, File) else "key"
        elif path.startswith(paths.UNITS):
            shapes[path] = [(section, key) for section, key, _ in directives(entry.content)]
        elif path.endswith(".json"):
            shapes[path] = sorted(json.loads(entry.content))
        else:
            shapes[path] = [line.split(" ")[0] for line in entry.content.split("\n")]
    return shapes


def text_of(tree: Tree, path: str) -> str:
    entry = tree[path]
    assert isinstance(entry, File)
    return entry.content


def commands(tree: Tree, unit: str) -> list[list[str]]:
    values = [
        value for _, key, value in directives(text_of(tree, f"{paths.UNITS}/{unit}")) if key == "ExecStart"
    ]
    return [argv(value, ENVIRONMENT) for value in values if value]


PLAIN = shape(rendered(configured()))


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("key", ["message", "video", "binary", "file", "ingest", "url", "webhook"])
def test_known_tricks_stay_values(key: str, line: str) -> None:
    """Specifiers, variables, continuations, quotes and line breaks are refused or add nothing."""
    prefix = {"message": "", "url": "rtmp://h/a"}.get(key, "/")
    assert shape(rendered(accepted(**{key: prefix + line}))) == PLAIN


@settings(deadline=None, max_examples=60)
@given(message=PRINTABLE, video=PATHS, binary=PATHS, file=PATHS, ingest=PATHS, webhook=PATHS, source=ANY)
def test_no_text_and_no_path_adds_a_line(source: str, **values: str) -> None:
    """With any value, each unit has the same assignments, and each other file the same lines."""
    assert shape(rendered(accepted(**values), f"/{source}")) == PLAIN


@settings(deadline=None, max_examples=60)
@given(PATHS)
def test_the_servers_path_is_run_as_it_stands(binary: str) -> None:
    """ExecStart= runs exactly that file with our two arguments."""
    config = configured(binary=binary)
    expected = [*GUARD, str(config.ingest.binary), "-c", paths.INGEST_CONFIG["srs"]]
    assert commands(rendered(config), "restream-ingest.service") == [expected]


@settings(deadline=None, max_examples=100)
@given(URLS)
def test_a_url_is_one_argument_of_ffmpeg(url: str) -> None:
    """ffmpeg gets exactly the arguments that render/ffmpeg.py wrote, and no variable is expanded."""
    config = accepted(url=url)
    relay = next(relay for relay in relays(config) if relay.name == "one")
    filled = {KEY_PRESET: "/run/x/key.ffpreset", STALL: "20000000"}
    expected = [*ATTEMPT, *(filled.get(word, word) for word in relay_command("/usr/bin/ffmpeg", relay))]
    assert commands(rendered(config), "ffmpeg-relay@one.service.d/10-restream.conf") == [expected]


@settings(deadline=None, max_examples=40)
@given(st.text(st.sampled_from(URL_CHARACTERS), min_size=1, max_size=40))
def test_a_key_is_nowhere_but_in_its_own_file(key: str) -> None:
    """All other files are the same for every key, and a diff does not show the key."""
    config, other = configured(plain=key), configured(plain="another")
    kept = f"{paths.INLINE_KEYS}/two"
    tree, plain = rendered(config), rendered(other)
    assert tree.pop(kept) == File(key, mode=0o600, is_secret=True)
    plain.pop(kept)
    assert tree == plain
    assert describe(compare({}, rendered(config))) == describe(compare({}, rendered(other)))


@settings(deadline=None)
@given(st.lists(ANY.filter(lambda text: "\0" not in text), max_size=5))
def test_an_argv_survives_systemds_reading(arguments: list[str]) -> None:
    """`escaping.command` gives one line that splits and expands to the same argv."""
    written = escaping.command(("/bin/true", *arguments))
    assert "\n" not in written
    assert argv(written, {}) == ["/bin/true", *arguments]


def test_a_nul_is_refused() -> None:
    """An argv cannot hold a NUL byte."""
    with pytest.raises(ValueError, match="NUL"):
        escaping.command(("/bin/true", "a\0b"))
