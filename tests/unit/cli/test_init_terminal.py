"""`init` on a terminal: a person is asked, and sees no key; Ctrl-C leaves nothing."""

import tomllib
from pathlib import Path

import pytest

from tests.unit.cli.terminal import at_terminal

pytestmark = pytest.mark.usefixtures("quick_ffmpeg")

KEY = "live_hidden_key"
TOML = "etc/restream-agent/restream.toml"
CREDENTIALS = "etc/restream-agent/credentials"
PLATFORMS = "platforms (twitch, youtube, kick, facebook, …; ? lists all; Enter for none yet): "
SERVER = "ingest server, to which OBS sends (nginx-rtmp, srs) [nginx-rtmp]: "
VIDEO = "fallback video, as a path (Enter: a picture with a message): "
MESSAGE = "message on the picture [We will be right back]: "
HOLD = "while OBS is gone (0s, 30min, forever) [30min]: "


def test_a_person_is_asked_on_a_terminal(tmp_path: Path) -> None:
    """Each wrong answer is asked again; no key is seen; then all is written and applied."""
    code, shown = at_terminal(
        ("init", "--root", str(tmp_path)),
        (SERVER, "srs"),
        (PLATFORMS, "twich, youtube"),
        (PLATFORMS, "twitch, youtube"),
        (VIDEO, "fallback.mp4"),
        (VIDEO, ""),
        (MESSAGE, "Back soon"),
        (HOLD, "soon"),
        (HOLD, "forever"),
        ("key for twitch (not shown): ", f"rtmp://x/app/{KEY}"),
        ("key for twitch (not shown): ", KEY),
        ("key for youtube (not shown): ", f"{KEY}2"),
        ("write this? [Y/n]: ", ""),
        ("apply it now? [Y/n]: ", ""),
    )
    assert (code, KEY in shown) == (0, False), shown
    for words in (
        "did you mean twitch?",
        "must be an absolute path",
        "is not a time span",
        "is a URL, and not",
    ):
        assert words in shown
    said = tomllib.loads((tmp_path / TOML).read_text())
    assert said["fallback"] == {"message": "Back soon", "hold": "forever"}
    stored = {path.name: path.read_text() for path in (tmp_path / CREDENTIALS).iterdir()}
    assert (stored["twitch"], stored["youtube"], set(stored)) == (
        f"{KEY}\n",
        f"{KEY}2\n",
        {"ingest", "twitch", "youtube"},
    )
    assert (tmp_path / "etc/systemd/system/fallback.service").exists()
    assert "twitch (twitch) ends a broadcast" not in shown


@pytest.mark.parametrize("answered", range(6))
def test_ctrl_c_at_any_question_leaves_nothing(tmp_path: Path, answered: int) -> None:
    """Nothing is written before the last answer."""
    answers = [
        (PLATFORMS, "twitch"),
        (VIDEO, ""),
        (MESSAGE, ""),
        ("key for twitch (not shown): ", KEY),
        ("write this? [Y/n]: ", "y"),
        ("apply it now? [Y/n]: ", "y"),
    ]
    given = [*answers[:answered], (answers[answered][0], "\x03")]
    code, shown = at_terminal(("init", "--server", "srs", "--hold", "1h", "--root", str(tmp_path)), *given)
    assert (code, shown.endswith("restream-agent: nothing was written\r\n")) == (1, True), shown
    assert (list(tmp_path.rglob("*")), KEY in shown) == ([], False)


def test_an_address_of_the_account_is_asked_for(tmp_path: Path) -> None:
    """Kick has one for each account; `?` lists every preset."""
    code, shown = at_terminal(
        ("init", "--server", "srs", "--hold", "1h", "--message", "x", "--no-apply", "--root", str(tmp_path)),
        (PLATFORMS, "?"),
        (PLATFORMS, "kick"),
        ("server URL for kick, from Kick's panel, without the key: ", "no url"),
        ("server URL for kick, from Kick's panel, without the key: ", "rtmps://a.example.org:443/app"),
        ("key for kick (not shown): ", KEY),
        ("write this? [Y/n]: ", ""),
    )
    assert (code, "mixcloud, mux" in shown.replace("\r\n ", "")) == (0, True), shown
    assert 'url = "rtmps://a.example.org:443/app"' in (tmp_path / TOML).read_text()


def test_a_wrong_option_is_told_before_any_question(tmp_path: Path) -> None:
    """And not at each answer, which it would make wrong, too."""
    code, shown = at_terminal(("init", "--hold", "soon", "--root", str(tmp_path)))
    assert (code, "is not a time span" in shown, PLATFORMS in shown) == (78, True, False), shown
    assert list(tmp_path.rglob("*")) == []
