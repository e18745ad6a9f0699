"""`init`: a few questions, or options; then a TOML, its keys, and what to type into OBS."""

import os
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restream_agent.cli.main import main
from restream_agent.deploy import init as first_run
from restream_agent.deploy import machine
from restream_agent.systemd import systemctl

pytestmark = pytest.mark.usefixtures("quick_ffmpeg")

KEY = "live_hidden_key"
CREDENTIALS = "etc/restream-agent/credentials"
TOML = "etc/restream-agent/restream.toml"


def run(*arguments: str | Path, input: str = "") -> Result:
    """Run `init` in this process, without a terminal."""
    done = CliRunner().invoke(main, ["init", *map(str, arguments)], input=input)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert KEY not in done.output
    assert "Traceback" not in done.output
    return done


def keys(root: Path) -> dict[str, str]:
    """Return the stored keys; OBS's, which is made, as "…"."""
    found = {path.name: path.read_text() for path in (root / CREDENTIALS).glob("*")}
    return found | ({"ingest": "…"} if "ingest" in found else {})


def left(root: Path) -> list[Path]:
    """Return everything below a root."""
    return sorted(root.rglob("*"))


def test_options_answer_every_question(tmp_path: Path) -> None:
    """The file is shown, written for root alone, and in order; keys come from standard input."""
    options = ("--server", "srs", "--platform", "twitch", "--platform", "youtube", "--message", "Back soon")
    done = run("--root", tmp_path, *options, "--hold", "2h", input=f"{KEY}-1\n{KEY}-2\n")
    assert done.exit_code == 0, done.output
    text = (tmp_path / TOML).read_text()
    assert "".join(f"  {line}".rstrip() + "\n" for line in text.splitlines()) in done.stdout
    said = tomllib.loads(text)
    assert (said["ingest"]["server"], said["fallback"]) == ("srs", {"message": "Back soon", "hold": "2h"})
    assert list(said["platforms"]) == ["twitch", "youtube"]
    assert keys(tmp_path) == {"ingest": "…", "twitch": f"{KEY}-1\n", "youtube": f"{KEY}-2\n"}
    modes = [path.stat().st_mode & 0o777 for path in ((tmp_path / TOML), tmp_path / CREDENTIALS / "twitch")]
    assert modes == [0o600, 0o600]
    assert CliRunner().invoke(main, ["check", "--root", str(tmp_path)]).exit_code == 0


def test_the_end_says_what_is_next_and_what_to_type_into_obs(tmp_path: Path) -> None:
    """With commands to copy."""
    done = run("--root", tmp_path, "--platform", "twitch", input=KEY)
    _, _, end = done.stdout.replace(str(tmp_path), "ROOT").partition("restream.toml, and stored ")
    assert end.startswith(
        "2 keys: ingest, twitch\n"
        "\n"
        "Next\n"
        "\n"
        "  restream-agent apply --root ROOT           makes the machine so\n"
        "  restream-agent obs --show-key --root ROOT  shows the stream key, to type into OBS\n"
        "\n"
        "What to set in OBS\n"
        "\n"
        "Settings → Stream\n"
        "  Service     Custom…\n"
        "  Server      rtmp://HOST/live\n"
        "  Stream key  main?key=••••••••  shown by restream-agent obs --show-key --root ROOT\n"
    )
    assert end.endswith("Output resolution  1920x1080\n  FPS                60\n")


def test_apply_can_follow_at_once(tmp_path: Path) -> None:
    """`--apply`, or `--yes`."""
    done = run("--root", tmp_path, "--platform", "twitch", "--apply", input=KEY)
    assert (done.exit_code, "restream-agent apply" in done.stdout) == (0, False)
    assert (tmp_path / "etc/systemd/system/fallback.service").exists()


def test_a_warning_is_shown_once(tmp_path: Path) -> None:
    """Before the question, and not again by `apply`."""
    done = run("--root", tmp_path, "--platform", "twitch", "--hold", "forever", "--apply", input=KEY)
    assert (done.exit_code, done.stderr.count("ends a broadcast after 48 hours")) == (0, 1)


def test_without_platforms_the_next_step_adds_one(tmp_path: Path) -> None:
    """No key is read then."""
    done = run("--root", tmp_path)
    assert (done.exit_code, keys(tmp_path)) == (0, {"ingest": "…"})
    assert f"  restream-agent platform add twitch --root {tmp_path}" in done.stdout


def test_again_changes_nothing_and_says_so(tmp_path: Path) -> None:
    """Whatever the options are."""
    run("--root", tmp_path, "--platform", "twitch", input=KEY)
    before = {path: path.read_bytes() for path in left(tmp_path) if path.is_file()}
    done = run("--root", tmp_path, "--platform", "youtube", "--server", "srs", input=KEY)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{(tmp_path / TOML)} is there already: nothing was changed\n")
    assert {path: path.read_bytes() for path in left(tmp_path) if path.is_file()} == before


def test_a_toml_from_git_gets_the_key_of_obs_that_it_names(tmp_path: Path) -> None:
    """Also those of channels; the file stays, and keys of platforms are not made."""
    (tmp_path / TOML).parent.mkdir(parents=True)
    text = (
        'version = 1\n[ingest]\nkey = { credential = "ingest" }\n[channels.es]\nkey = { credential = "es" }\n'
    )
    (tmp_path / TOML).write_text(text)
    done = run("--root", tmp_path)
    assert "is kept; OBS's key was missing, and is made: ingest, es\n" in done.stdout
    assert f"restream-agent apply --root {tmp_path}" in done.stdout
    manifest = tmp_path / "var/lib/restream-agent/manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")
    assert "restream-agent apply" not in run("--root", tmp_path).stdout
    assert ((tmp_path / TOML).read_text(), set(keys(tmp_path))) == (text, {"ingest", "es"})
    assert "nothing was changed" in run("--root", tmp_path).stdout


def test_a_broken_toml_is_not_touched(tmp_path: Path) -> None:
    """`check` says what is wrong with it."""
    (tmp_path / TOML).parent.mkdir(parents=True)
    (tmp_path / TOML).write_text("version = \n")
    assert "nothing was changed" in run("--root", tmp_path).stdout
    assert keys(tmp_path) == {}


@pytest.mark.parametrize(
    ("options", "input", "words"),
    [
        (
            ("--platform", "twitch", "--platform", "youtube"),
            f"{KEY}\n",
            "1 key came on standard input, 2 needed; nothing was written\n"
            "  one key in each line, in this order: twitch, youtube\n",
        ),
        (
            ("--platform", "twitch"),
            f"rtmp://x/app/{KEY}\n",
            "the key for twitch is a URL, and not the key alone, which is what follows its last slash\n"
            "  nothing was written\n",
        ),
        (("--platform", "twich"), KEY, "there is no preset twich\n  did you mean twitch?\n"),
        (
            ("--platform", "kick"),
            KEY,
            "every account of Kick has its own URL\n"
            "  --platform kick=URL, with the URL from its panel, without the key\n",
        ),
        (
            ("--platform", f"kick=rtmps://a.example.org/app/{KEY}"),
            KEY,
            "the URL of kick ends in its key, which does not belong into the TOML\n"
            "  nothing was written; end the URL after the application\n",
        ),
        (("--hold", "soon"), "", 'fallback.hold: "soon" is not a time span'),
        (("--video", "/nonexistent.mp4"), "", "fallback.video: "),
        (("--message", " "), "", "fallback.message: must be 1 to 200 characters of text"),
        (("--platform", "club=http://x/"), "k", "platforms.club.url: must "),
    ],
)
def test_a_wrong_answer_writes_nothing(
    tmp_path: Path, options: tuple[str, ...], input: str, words: str
) -> None:
    """And says what to do."""
    done = run("--root", tmp_path, *options, input=input)
    assert done.exit_code != 0
    assert words in done.stderr
    assert left(tmp_path) == []


def test_the_shown_file_has_no_key_in_a_url(tmp_path: Path) -> None:
    """What follows the application of a URL may be one; the file has it, as it was meant."""
    url = "rtmps://a.example.org:443/live/9f3b"
    done = run("--root", tmp_path, "--platform", f"linkedin={url}", input=KEY)
    assert 'url = "rtmps://a.example.org:443/live/…"' in done.stdout
    assert f'url = "{url}"' in (tmp_path / TOML).read_text()


def test_a_stored_key_needs_no_line(tmp_path: Path) -> None:
    """It may have been stored before, and is kept as OBS's is."""
    stored = tmp_path / CREDENTIALS
    stored.mkdir(parents=True)
    for name in ("twitch", "ingest"):
        (stored / name).write_text(f"{KEY}-of-{name}\n")
    assert run("--root", tmp_path, "--platform", "twitch").exit_code == 0
    assert (stored / "twitch").read_text() == f"{KEY}-of-twitch\n"
    assert (stored / "ingest").read_text() == f"{KEY}-of-ingest\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device", "/etc/x")])
def test_an_end_in_the_middle_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """Ctrl-C or a full disk, after the keys are stored and before the TOML is."""

    def interrupt(*_: object) -> None:
        assert set(keys(tmp_path)) == {"ingest", "twitch"}
        raise error

    monkeypatch.setattr(first_run, "write", interrupt)
    done = run("--root", tmp_path, "--platform", "twitch", input=KEY)
    assert (done.exit_code, left(tmp_path)) == (130 if isinstance(error, KeyboardInterrupt) else 1, [])


def test_without_systemd_init_says_so_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container, or WSL: the demo brings a systemd of its own."""
    monkeypatch.setattr(systemctl, "is_running", lambda: False)
    done = run()
    assert (done.exit_code, done.stderr) == (
        1,
        "restream-agent: systemd is not running here: try `make demo`, or write files with init --root DIR\n",
    )


def test_whoever_is_not_root_is_told_before_any_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after ten."""
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = run()
    assert (done.exit_code, done.stderr) == (
        1,
        "restream-agent: init has to be root\n  sudo restream-agent init\n",
    )


def test_the_servers_are_found_by_what_they_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nginx alone is a web server: its module makes it an ingest server."""
    monkeypatch.setenv("PATH", "")
    for name in ("SRS", "_NGINX", "_NGINX_RTMP_MODULE"):
        monkeypatch.setattr(machine, name, str(tmp_path / name))
    assert machine.found_servers() == {}
    (tmp_path / "_NGINX").touch()
    assert machine.found_servers() == {}
    (tmp_path / "_NGINX_RTMP_MODULE").touch()
    (tmp_path / "SRS").touch()
    assert list(machine.found_servers()) == ["srs", "nginx-rtmp"]
