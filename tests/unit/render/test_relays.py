"""A relay's drop-in: which of its directives a running relay depends on."""

from pathlib import Path

import pytest

from restream_agent.base.file_tree import File
from restream_agent.config.load import load
from restream_agent.render import assets
from restream_agent.render.relays import connection, launched_directives
from restream_agent.render.tree import render
from tests.golden.rendering import fixed_facts

COMMAND = "/usr/bin/ffmpeg -hide_banner -f flv rtmp://h/app"
DROP_IN = """\
# Made by restream-agent from /etc/restream-agent/restream.toml; edit that and run `restream-agent apply`.
[Unit]
Description=Relay of the program to one
SourcePath=/etc/restream-agent/restream.toml

[Service]
LoadCredential=key:/etc/restream-agent/credentials/one
MemoryMax=256M
ExecStart=
ExecStart=/opt/restream-agent/bin/python3 -I -m restream_agent.attempt {}
"""
CONFIG = """
version = 1
[ingest]
key = "any"
[platforms.one]
url = "rtmp://h/app"
key = { credential = "one" }
"""
BEFORE = DROP_IN.format(COMMAND)


OLD = Path(__file__).parents[2] / "data" / "units-before-rooms"
TWITCH = """
version = 1
[ingest]
key = "any"
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
"""


def rendered(text: str = "", *, name: str = "one") -> str:
    """Return a relay's drop-in; `text` is a whole TOML, or a key of the platform."""
    config = load(text if "version" in text else CONFIG + text, source="t")
    path = f"/etc/systemd/system/ffmpeg-relay@{name}.service.d/10-restream.conf"
    entry = render(config, fixed_facts(config), assets.load())[path]
    assert isinstance(entry, File)
    return entry.content


def test_the_launcher_is_no_part_of_the_directives() -> None:
    """ffmpeg, the key and the limit are."""
    assert launched_directives(BEFORE) == (
        "[Unit]",
        "[Service]",
        "LoadCredential=key:/etc/restream-agent/credentials/one",
        "MemoryMax=256M",
        "ExecStart=",
        f"ExecStart={COMMAND}",
    )


@pytest.mark.parametrize("python", ["/usr/bin/python3.13", '"/opt/a b/bin/python3"', '"/opt/a\\"b/python3"'])
def test_another_python_changes_nothing_that_runs(python: str) -> None:
    """Its path may be quoted."""
    after = BEFORE.replace("/opt/restream-agent/bin/python3", python)
    assert launched_directives(after) == launched_directives(BEFORE)
    assert connection(after) == connection(BEFORE)


def test_a_connection_is_the_key_the_encoding_and_the_url() -> None:
    """Each as the TOML chooses it."""
    assert connection(rendered()) == (
        "LoadCredential=key:/etc/restream-agent/credentials/one",
        "-c copy",
        "-rtmp_app app",
        "rtmp://h/app",
    )
    video = connection(rendered('video = { height = 720, fps = 30, bitrate = "3000k", keyframe = "1s" }'))
    assert video[1:] == (
        "-c:v libx264",
        "-b:v 3000000",
        "-force_key_frames expr:gte(t,n_forced*1)",
        "-vf scale=-2:720,fps=30",
        "-rtmp_app app",
        "rtmp://h/app",
    )


def test_an_upgrade_from_the_layout_before_the_rooms_changes_no_connection() -> None:
    """Every version's own part of the drop-in differs: module, options of ffmpeg, description, limit."""
    before = (OLD / "ffmpeg-relay@twitch.service.d/10-restream.conf").read_text()
    now = rendered(TWITCH, name="twitch")
    assert before != now
    assert launched_directives(before) != launched_directives(now)
    assert connection(before) == connection(now)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/usr/bin/ffmpeg", "/opt/ffmpeg"),
        ("256M", "1G"),
        ("-hide_banner", "-v 8"),
        ("[Service]", "[Service]\nUser=x"),
    ],
)
def test_what_this_program_chooses_is_no_part_of_a_connection(old: str, new: str) -> None:
    """Another ffmpeg, limit, option or user takes effect at the relay's next start."""
    assert connection(rendered().replace(old, new)) == connection(rendered())
    assert rendered().replace(old, new) != rendered()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rtmp://h/app", "rtmp://h/other"),
        ("-rtmp_app app", "-rtmp_app other"),
        ("-c copy", "-c:v libx264"),
        ("credentials/one", "credentials/other"),
        ("LoadCredential=", "LoadCredentialEncrypted="),
    ],
)
def test_another_url_encoding_or_key_is_another_connection(old: str, new: str) -> None:
    """The relay is restarted for it."""
    assert connection(rendered().replace(old, new)) != connection(rendered())
