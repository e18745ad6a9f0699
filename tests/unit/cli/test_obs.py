"""`obs`: what to type into OBS; the key is shown on request alone."""

from pathlib import Path

import pytest
import segno
from click.testing import CliRunner, Result

from restream_agent.base.target import TargetMachine
from restream_agent.cli import qr_code
from restream_agent.cli.main import main
from restream_agent.config.load import load
from restream_agent.deploy.obs_target import stream_key

KEY = "hidden-key-of-obs"
TOML = """\
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
[platforms.facebook]
preset = "facebook"
key = { credential = "facebook" }
"""
ES = '[channels.es]\nkey = { credential = "ingest-es" }\n'
PAGES = """\
Settings → Stream
  Service     Custom…
  Server      rtmp://HOST/live
  Stream key  main?key=••••••••  shown by restream-agent obs --show-key --root ROOT

Settings → Output, mode Advanced, Streaming
  Audio encoder      AAC
  Video encoder      H.264      x264 or the graphics card's: every platform takes it
  Rate control       CBR
  Bitrate            6000 Kbps  twitch: at most 6000 Kbps
  Keyframe interval  2 s        twitch and facebook: at most 2 s
  Profile            high
  B-frames           2

Settings → Output, Audio
  Audio bitrate  128 Kbps  facebook: at most 128 Kbps

Settings → Video
  Output resolution  1920x1080
  FPS                60
"""


def run(*arguments: str | Path) -> Result:
    done = CliRunner().invoke(main, ["obs", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a TOML and OBS's key."""
    directory = tmp_path / "etc/restream-agent/credentials"
    directory.mkdir(parents=True)
    (directory / "ingest").write_text(f"{KEY}\n")
    write(tmp_path, TOML)
    return tmp_path


def write(root: Path, text: str) -> None:
    (root / "etc/restream-agent/restream.toml").write_text(text)


def test_obs_says_all_that_is_to_be_set(root: Path) -> None:
    """Page by page, in OBS's words; each limit names the platform that has it."""
    done = run("--root", root)
    assert (done.exit_code, done.stdout.replace(str(root), "ROOT")) == (0, PAGES)


def test_the_key_is_shown_on_request_alone(root: Path) -> None:
    """Somebody may look over the shoulder."""
    assert KEY not in run("--root", root).output
    assert f"  Stream key  main?key={KEY}\n" in run("--root", root, "--show-key").stdout


def test_the_name_of_the_machine_can_be_given(root: Path) -> None:
    """Behind a router no machine knows it."""
    write(root, TOML.replace("[ingest]\n", '[ingest]\nlisten = "0.0.0.0:1936"\n'))
    assert (
        "  Server      rtmp://live.example.org:1936/live\n"
        in run("--root", root, "--host", "live.example.org").stdout
    )


def test_a_channel_has_a_stream_key_of_its_own(root: Path) -> None:
    """Its name is in front of its key."""
    write(root, TOML + ES)
    (root / "etc/restream-agent/credentials/ingest-es").write_text("key-of-the-channel-es\n")
    assert "es?key=key-of-the-channel-es\n" in run("es", "--show-key", "--root", root).stdout
    assert "shown by restream-agent obs es --show-key --root" in run("es", "--root", root).stdout


@pytest.mark.parametrize(
    ("text", "channel", "words"),
    [
        (TOML, ("fr",), "restream-agent: there is no channel fr\n  the channels are main\n"),
        (
            TOML.partition("[platforms")[0] + ES,
            (),
            "restream-agent: which channel? main has no platform, the others are es\n  name one\n",
        ),
    ],
)
def test_a_channel_that_is_not_clear_is_asked_for(
    root: Path, text: str, channel: tuple[str, ...], words: str
) -> None:
    """As with `on-air`, by what the TOML says; nothing needs to be applied yet."""
    write(root, text)
    done = run(*channel, "--root", root)
    assert (done.exit_code, done.stderr) == (1, words)


def test_without_a_key_any_stream_key_does(root: Path) -> None:
    """`key = "any"`."""
    write(root, TOML.replace('{ credential = "ingest" }', '"any"'))
    assert "  Stream key  main\n" in run("--root", root).stdout


def test_a_key_in_the_toml_is_hidden_too(root: Path) -> None:
    """It may be there in the clear."""
    write(root, TOML.replace('{ credential = "ingest" }', f'"{KEY}"'))
    assert KEY not in run("--root", root).output
    assert f"main?key={KEY}\n" in run("--root", root, "--show-key").stdout


def test_a_key_that_cannot_be_shown_says_why(root: Path) -> None:
    """Missing, or encrypted for another machine."""
    stored = root / "etc/restream-agent/credentials/ingest"
    stored.unlink()
    done = run("--root", root, "--show-key")
    assert done.stderr == (
        "restream-agent: /etc/restream-agent/credentials/ingest does not exist\n"
        "  store it: restream-agent secret set ingest\n"
    )
    sealed = root / "etc/restream-agent/credentials.encrypted"
    sealed.mkdir()
    (sealed / "ingest").touch()
    done = run("--root", root, "--show-key")
    assert done.stderr == (
        "restream-agent: OBS's key is encrypted for another machine\n  show it there, without --root\n"
    )


def test_an_encrypted_key_is_shown_by_systemd(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which alone can read it."""
    sealed = root / "etc/restream-agent/credentials.encrypted"
    sealed.mkdir()
    (sealed / "ingest").touch()
    monkeypatch.setattr(TargetMachine, "is_this_machine", True)
    config = load(TOML, source="x")
    asked = list[Path]()

    def decrypted(file: Path) -> str:
        asked.append(file)
        return f"{KEY}\n"

    assert stream_key(config, TargetMachine(root), decrypted) == f"main?key={KEY}"
    assert asked == [Path("/etc/restream-agent/credentials.encrypted/ingest")]


def modules(drawing: str) -> list[list[bool]]:
    """Return which modules of a drawn code are dark: two rows in each line, light ones are drawn."""
    rows = []
    for line in drawing.removesuffix("\n").split("\n"):
        rows += [[letter not in "█▀" for letter in line], [letter not in "█▄" for letter in line]]
    return rows


def test_a_code_holds_server_and_key(root: Path) -> None:
    """As a phone reads it: what is drawn is the code of the whole address, with a light margin around."""
    done = run("--root", root, "--qr", "--host", "live.example.org")
    address = f"rtmp://live.example.org/live/main?key={KEY}"
    wanted = [list(map(bool, row)) for row in segno.make(address, error="l", micro=False).matrix]
    found = modules(done.stdout)
    inner = [row[2:-2] for row in found[2 : 2 + len(wanted)]]
    assert inner == wanted
    assert not any(cell for row in found[:2] for cell in row)
    assert KEY not in done.output
    assert done.stderr == "rtmp://live.example.org/live, with the stream key in the code: show it to nobody\n"


def test_a_code_can_set_up_an_app() -> None:
    """The links are those that the apps describe."""
    address = "rtmp://h/live/main?key=k"
    larix = (
        "larix://set/v1?conn[][url]=rtmp%3A%2F%2Fh%2Flive%2Fmain%3Fkey%3Dk&conn[][name]=restream-agent%20main"
    )
    assert qr_code.content(address, "main", "larix") == larix
    assert qr_code.content(address, "main", "moblin").startswith(
        "moblin://?%7B%22streams%22%3A%20%5B%7B%22name%22"
    )
    assert qr_code.content(address, "main", None) == address


def test_a_code_is_white_on_black_on_every_terminal() -> None:
    """On a light terminal a camera would find a code whose light and dark are swapped."""
    assert all(line.startswith("\x1b[97m\x1b[40m") for line in qr_code.drawn("x").split("\n"))
