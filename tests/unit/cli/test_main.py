"""The command line: exit codes, messages, --root; no key and no traceback in any of it."""

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restream_agent.base import paths
from restream_agent.cli.main import main

GOOD = """\
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
"""
KEY = "live_hidden_key"
CREDENTIALS = "etc/restream-agent/credentials"


def run(*arguments: str | Path) -> Result:
    """Run a command in this process. An exception other than an exit would be a traceback for the user."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert KEY not in done.output
    assert "Traceback" not in done.output
    return done


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a valid TOML and its keys."""
    directory = tmp_path / CREDENTIALS
    directory.mkdir(parents=True)
    (directory / "ingest").write_text(f"{KEY}-of-obs\n")
    (directory / "twitch").write_text(f"{KEY}\n")
    toml(tmp_path, GOOD)
    return tmp_path


def toml(root: Path, text: str) -> Path:
    place = root / "etc/restream-agent/restream.toml"
    place.write_text(text)
    return place


def test_init_makes_what_check_accepts(tmp_path: Path) -> None:
    """It makes a TOML, a key for OBS that only its owner can read, and names the next steps."""
    done = run("init", "--root", tmp_path)
    assert (done.exit_code, "Stream key  main?key=" in done.stdout) == (0, True)
    key = tmp_path / CREDENTIALS / "ingest"
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert key.read_text().strip() not in done.output
    assert run("check", "--root", tmp_path).exit_code == 0


def test_init_without_root_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, so the file system stands in for the missing right."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/etc/restream-agent")

    monkeypatch.setattr(Path, "mkdir", refuse)
    done = run("init", "--root", tmp_path)
    words = "restream-agent: /etc/restream-agent: Permission denied; init has to be root\n"
    assert (done.exit_code, done.stderr) == (1, words + "  sudo restream-agent init\n")


@pytest.mark.parametrize(
    ("exists", "words"),
    [
        ((), "restream-agent is not set up on this machine yet"),
        (("CONFIG",), "restream.toml has not been applied yet"),
    ],
)
def test_status_before_the_first_apply_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: tuple[str, ...], words: str
) -> None:
    """Not that a broadcast goes on without the agent."""
    for name, file in (("CONFIG", "restream.toml"), ("AGENT_SETTINGS", "agent.json")):
        monkeypatch.setattr(paths, name, str(tmp_path / file))
    for name in exists:
        Path(getattr(paths, name)).touch()
    done = run("status")
    assert (done.exit_code, words in done.stderr) == (1, True)


def test_an_error_is_the_status_of_its_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`status` shows what was wrong with an edit: the first problem with its line."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        (tmp_path / "etc/restream-agent").mkdir(parents=True)
        toml(tmp_path, "version = 1\n[fallback]\nholdd = 1\n")
        run("apply", "--root", tmp_path)
        status = manager.recv(4096).decode()
    assert status.startswith("STATUS=restream.toml:3:1: fallback.holdd: "), status
    assert status.endswith(", and 1 more"), status


def test_init_again_touches_nothing(tmp_path: Path) -> None:
    """An edited TOML and the key in use stay."""
    run("init", "--root", tmp_path)
    place = tmp_path / "etc/restream-agent/restream.toml"
    place.write_text(GOOD)
    key = (tmp_path / CREDENTIALS / "ingest").read_text()
    assert run("init", "--root", tmp_path).exit_code == 0
    assert (place.read_text(), (tmp_path / CREDENTIALS / "ingest").read_text()) == (GOOD, key)


def test_the_way_from_diff_to_apply(root: Path) -> None:
    """diff exits with 3 while there are changes, and with 0 and no output after apply."""
    before = run("diff", "--root", root)
    assert (before.exit_code, "+++ /etc/systemd/system/fallback.service" in before.stdout) == (3, True)
    done = run("apply", "-v", "--root", root)
    assert (done.exit_code, "create /etc/systemd/system/fallback.service" in done.stdout) == (0, True)
    after = run("diff", "--root", root)
    assert (after.exit_code, after.stdout) == (0, "")
    assert run("apply", "--root", root).stdout == "nothing to change\n"


def test_diff_names_the_units_that_apply_would_touch(root: Path) -> None:
    """They are comments at the end of the diff."""
    run("apply", "--root", root)
    toml(root, GOOD.replace("[platforms", 'stall = "2s"\n[platforms'))
    assert run("diff", "--root", root).stdout.endswith("# reload fallback.service\n")


def test_diff_and_apply_name_the_relays_that_keep_their_connection(root: Path) -> None:
    """After an upgrade that changes only the launcher, a relay that runs is not restarted."""
    run("apply", "--root", root)
    drop_in = root / "etc/systemd/system/ffmpeg-relay@twitch.service.d/10-restream.conf"
    text = drop_in.read_text()
    drop_in.write_text(text.replace("restream_agent.launchers.relay_attempt", "restream_agent.attempt"))
    line = "takes effect at its next start: ffmpeg-relay@twitch.service\n"
    assert run("diff", "--root", root).stdout.endswith(f"# {line}")
    assert line in run("apply", "-v", "--root", root).stdout
    assert text == drop_in.read_text()


def test_warnings_come_before_what_fails(root: Path) -> None:
    """A warning may explain the failure."""
    toml(root, GOOD.replace('{ credential = "twitch" }', f'"{KEY}"'))
    (root / CREDENTIALS / "ingest").unlink()
    warning, failure = run("apply", "--root", root).stderr.split("\n\n")[:2]
    assert ": warning: platforms.twitch.key: " in warning
    assert ": error: ingest.key: " in failure


def test_render_prints_every_file_and_no_secret(root: Path) -> None:
    """Each with mode and group; the hook token in the server's configuration is not shown."""
    run("apply", "--root", root)
    token = (root / "etc/restream-agent/hook-token").read_text()
    done = run("render", "--root", root)
    assert (done.exit_code, token in done.output) == (0, False)
    assert (
        "# ---- /etc/restream-agent/srs.conf (mode 0640, group restream-ingest)\n(holds a secret"
        in done.stdout
    )


def test_render_writes_below_a_directory(root: Path, tmp_path: Path) -> None:
    """The files have their modes, and the output names them."""
    out = tmp_path / "out"
    done = run("render", "--root", root, "--out", out)
    place = out / "etc/restream-agent/srs.conf"
    assert str(place) in done.stdout.splitlines()
    assert place.stat().st_mode & 0o777 == 0o640


def test_a_config_file_may_be_anywhere(root: Path, tmp_path: Path) -> None:
    """--config names it; an exact copy shows no difference, an edited copy shows its edits."""
    run("apply", "--root", root)
    copy = toml(root, GOOD).rename(tmp_path / "mine.toml")
    assert run("diff", "--root", root, "--config", copy).exit_code == 0
    copy.write_text(GOOD.replace("platforms.twitch", "platforms.other"))
    done = run("diff", "--root", root, "--config", copy)
    assert (done.exit_code, "ffmpeg-relay@other.service" in done.stdout) == (3, True)
    assert run("diff", "--root", root, copy).stdout == done.stdout  # in place of the machine's own


@pytest.mark.parametrize("command", ["check", "render", "diff", "apply"])
def test_a_missing_file_is_bad_configuration(tmp_path: Path, command: str) -> None:
    """The exit code is 78; the hint names the command that makes the file."""
    done = run(command, "--root", tmp_path)
    assert (done.exit_code, done.stdout) == (78, "")
    assert done.stderr.startswith(f"{tmp_path}/etc/restream-agent/restream.toml: error: does not exist\n")
    assert "restream-agent init creates it" in done.stderr


def test_a_missing_copy_is_not_what_init_creates(tmp_path: Path) -> None:
    """`init` writes to the usual place alone."""
    done = run("check", "--config", tmp_path / "copy.toml")
    assert (done.exit_code, "init" in done.stderr) == (78, False)
    assert "copy.toml: error: does not exist\n" in done.stderr
    assert "= hint: check its path\n" in done.stderr


@pytest.mark.parametrize("command", ["check", "render", "diff", "apply"])
def test_broken_toml_is_bad_configuration(root: Path, command: str) -> None:
    """The exit code is 78; the message has file and line, and no key from that line."""
    place = toml(root, f'{GOOD}key = "{KEY}\n')
    done = run(command, "--root", root)
    assert (done.exit_code, done.stdout) == (78, "")
    assert f"{place}:7:7: error: " in done.stderr


def test_all_problems_are_named_at_once(root: Path) -> None:
    """Each problem has a paragraph of its own; a key that is missing is told beside a word that is wrong."""
    place = toml(root, GOOD.replace("preset", "presett") + '[fallback]\nhold = "soon"\n')
    (root / CREDENTIALS / "twitch").unlink()
    first, second, third, count = run("check", "--root", root).stderr.split("\n\n")
    assert first.startswith(f"{place}:5:1: error: platforms.twitch.presett: ")
    assert second.startswith(f"{place}:6:7: error: platforms.twitch.key: ")
    assert third.startswith(f"{place}:8:8: error: fallback.hold: ")
    assert count == f"{place}: 3 errors; restream-agent explain fallback.hold\n"


def test_what_the_toml_refers_to_is_named_with_its_line(root: Path) -> None:
    """Keys and videos, all at once, each at its value."""
    place = toml(root, GOOD + '[fallback]\nmessage = "x"\nvideo = "/nonexistent.mp4"\n')
    (root / CREDENTIALS / "twitch").unlink()
    first, second, _ = run("check", "--root", root).stderr.split("\n\n")
    assert first.startswith(f"{place}:6:7: error: platforms.twitch.key: ")
    assert second.startswith(f"{place}:9:9: error: fallback.video: ")


def test_check_says_what_is_in_order(root: Path) -> None:
    """The file, how many platforms, the server."""
    place = root / "etc/restream-agent/restream.toml"
    assert run("check", "--root", root).stdout == f"{place}: ok, 1 platform, srs\n"


@pytest.mark.parametrize("command", ["check", "diff", "apply"])
def test_a_missing_credential_is_bad_configuration(root: Path, command: str) -> None:
    """The exit code is 78; the message names the file, the hint the command that makes it."""
    (root / CREDENTIALS / "twitch").unlink()
    done = run(command, "--root", root)
    assert done.exit_code == 78
    file = f"{root}/etc/restream-agent/credentials/twitch"
    assert f"platforms.twitch.key: {file} does not exist" in done.stderr
    assert f"store it: restream-agent secret set twitch --root {root}" in done.stderr


def test_a_key_in_the_clear_is_warned_about_and_not_shown(root: Path) -> None:
    """check and apply warn on stderr; diff does not show the key either."""
    toml(root, GOOD.replace('{ credential = "twitch" }', f'"{KEY}"'))
    done = run("check", "--root", root)
    assert (done.exit_code, "is written in the clear" in done.stderr) == (0, True)
    done = run("apply", "--root", root)
    assert ("is written in the clear" in done.stderr, "warning" in done.stdout) == (True, False)
    toml(root, GOOD.replace('{ credential = "twitch" }', f'"{KEY}2"'))
    assert run("diff", "--root", root).exit_code == 3


def test_a_foreign_file_fails_apply(root: Path) -> None:
    """The exit code is 1: the configuration is valid, the machine is not as expected."""
    place = root / "etc/systemd/system/fallback.service"
    place.parent.mkdir(parents=True)
    place.touch()
    done = run("apply", "--root", root)
    assert (done.exit_code, "was not made by restream-agent" in done.stderr) == (1, True)


def test_what_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    """The exit code is 2, from click, for an unknown command or option."""
    assert {
        run(*line).exit_code for line in (("aply",), ("check", "--rooot", tmp_path), ("fallback", "up"))
    } == {2}


def test_status_without_an_agent_fails() -> None:
    """The exit code is 1: no process listens."""
    done = run("status")
    if done.exit_code == 0:
        pytest.skip("an agent is running on this machine")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("restream-agent: ")


def test_a_service_applies_no_toml_that_was_only_touched(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and changes nothing, whatever was done to the files that apply has made."""
    source, settings = root / paths.CONFIG.lstrip("/"), root / paths.AGENT_SETTINGS.lstrip("/")
    assert run("apply", "--root", root).exit_code == 0
    settings.write_text("{}\n")
    os.utime(source, (1, 1))
    monkeypatch.setenv("NOTIFY_SOCKET", str(root / "nobody"))
    done = run("apply", "--root", root)
    assert done.output == "the TOML was written again with the same content: nothing to do\n"
    assert settings.read_text() == "{}\n"
    run("apply", "--root", root)
    assert settings.read_text() != "{}\n"
