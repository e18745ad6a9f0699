"""A relay's drop-in: which of its directives a running relay depends on."""

import pytest

from restream_agent.base.file_tree import File
from restream_agent.config.load import load
from restream_agent.render import assets
from restream_agent.render.relays import connection_directives
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


def rendered() -> str:
    config = load(CONFIG, source="t")
    path = "/etc/systemd/system/ffmpeg-relay@one.service.d/10-restream.conf"
    entry = render(config, fixed_facts(config), assets.load())[path]
    assert isinstance(entry, File)
    return entry.content


def test_the_launcher_is_no_part_of_the_connection() -> None:
    """ffmpeg, the key and the limit are."""
    assert connection_directives(BEFORE) == (
        "[Unit]",
        "[Service]",
        "LoadCredential=key:/etc/restream-agent/credentials/one",
        "MemoryMax=256M",
        "ExecStart=",
        f"ExecStart={COMMAND}",
    )


def test_an_upgrade_from_the_layout_before_the_rooms_changes_no_connection() -> None:
    """The module's path and the description differ; ffmpeg's command is the same."""
    now = rendered()
    _, _, command = now.partition("restream_agent.launchers.relay_attempt ")
    before = DROP_IN.format(command.strip())
    assert before != now
    assert connection_directives(before) == connection_directives(now)


@pytest.mark.parametrize("python", ["/usr/bin/python3.13", '"/opt/a b/bin/python3"', '"/opt/a\\"b/python3"'])
def test_another_python_changes_no_connection(python: str) -> None:
    """Its path may be quoted."""
    after = BEFORE.replace("/opt/restream-agent/bin/python3", python)
    assert connection_directives(after) == connection_directives(BEFORE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rtmp://h/app", "rtmp://h/other"),
        ("/usr/bin/ffmpeg", "/opt/ffmpeg"),
        ("256M", "2G"),
        ("credentials/one", "credentials/other"),
        ("-hide_banner", "python -I -m restream_agent.x "),
    ],
)
def test_another_command_key_or_limit_changes_the_connection(old: str, new: str) -> None:
    """So does what only looks like the launcher further on."""
    assert connection_directives(BEFORE.replace(old, new)) != connection_directives(BEFORE)
