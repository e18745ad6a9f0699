"""`platform list` and `platform presets`: aligned columns, JSON, no key."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from restream_agent.cli.main import main

FILE = """\
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.youtube]
preset = "youtube"
key = { credential = "youtube" }
backup = true
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
enabled = false
video = { height = 720, fps = 30, bitrate = "3000k" }
[platforms.own]
url = "rtmp://live.example.org/app/live_hidden_key"
[platforms.file]
url = "rtmp://live.example.org/app?live_hidden_key"
key = { file = "/etc/restream-keys/file" }
"""


def run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(main, ["platform", *map(str, arguments)])
    assert "live_hidden_key" not in done.output
    return done


def root_with(tmp_path: Path, text: str) -> Path:
    directory = tmp_path / "etc/restream-agent/credentials"
    directory.mkdir(parents=True)
    (directory / "youtube").write_text("live_hidden_key")
    (directory.parent / "restream.toml").write_text(text)
    return tmp_path


def test_the_list_says_where_each_leads_and_where_its_key_is(tmp_path: Path) -> None:
    """And what to do about a key that is missing, or readable in the TOML."""
    assert run("list", "--root", root_with(tmp_path, FILE)).stdout == (
        "NAME     STATE     SENDS TO                     VIDEO               KEY\n"
        "youtube  enabled   YouTube and its backup       as OBS sends it     youtube, stored\n"
        "twitch   disabled  Twitch                       720p 30 fps 3 Mb/s"
        "  missing: restream-agent secret set twitch\n"
        "own      enabled   rtmp://live.example.org/app  as OBS sends it   "
        "  in the TOML (restream-agent platform set own --key stores it)\n"
        "file     enabled   rtmp://live.example.org/app  as OBS sends it     /etc/restream-keys/file\n"
    )


def test_the_list_of_several_channels_names_them(tmp_path: Path) -> None:
    """One channel is chosen with --channel."""
    more = (
        '[channels.es]\nkey = { credential = "es" }\n[channels.es.platforms.x]\npreset = "x"\nkey = "abc"\n'
    )
    root = root_with(tmp_path, FILE + more)
    lines = run("list", "--root", root).stdout.splitlines()
    assert (lines[0].split()[0], lines[-1].split()[:3]) == ("CHANNEL", ["es", "x", "enabled"])
    one = run("list", "--channel", "es", "--root", root).stdout.splitlines()
    assert [line.split()[0] for line in one] == ["NAME", "x"]
    assert "there is no channel fr" in run("list", "--channel", "fr", "--root", root).stderr


def test_the_list_without_platforms_says_what_to_do(tmp_path: Path) -> None:
    """As after init."""
    root = root_with(tmp_path, 'version = 1\n[ingest]\nkey = "abcdefghijklmnop"\n')
    assert run("list", "--root", root).stdout.startswith("no platform yet: restream-agent platform add NAME")


def test_the_list_as_json_has_no_key(tmp_path: Path) -> None:
    """It has where the key is."""
    rows = json.loads(run("list", "--json", "--root", root_with(tmp_path, FILE)).stdout)
    assert [row["key"] for row in rows] == ["credential", "credential", "plain", "file"]
    assert (rows[0]["is_stored"], rows[1]["is_stored"], rows[2]["address"]) == (
        True,
        False,
        "rtmp://live.example.org/app",
    )


def test_the_presets_are_a_table() -> None:
    """Each with its address, or how to get one."""
    lines = run("presets").stdout.splitlines()
    assert lines[0].split() == ["PRESET", "PLATFORM", "ADDRESS", "VIDEO", "KEYFRAMES"]
    youtube = next(line for line in lines if line.startswith("youtube "))
    assert youtube.split() == [
        "youtube",
        "YouTube",
        "rtmps://a.rtmps.youtube.com:443/live2",
        "up",
        "to",
        "51",
        "Mb/s",
        "every",
        "4s",
    ]
    assert "yours: give --url" in next(line for line in lines if line.startswith("kick "))
    assert len(json.loads(run("presets", "--json").stdout)) == len(lines) - 1


def test_a_preset_has_its_servers_below_it() -> None:
    """And the command that adds it."""
    text = run("presets", "twitch").stdout
    assert "longest:" in text
    assert "48 h at a time\n" in text
    assert "\n\nrestream-agent platform add twitch\n\nits servers, for --server:\n  " in text
    assert "restream-agent platform add kick --url URL" in run("presets", "kick").stdout
    assert run("presets", "twich").stderr == (
        "restream-agent: there is no preset twich\n  did you mean twitch?\n"
    )
