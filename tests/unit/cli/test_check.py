"""The command `check`: what it looks at, --strict, --json, colours, exit codes."""

import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restream_agent.base import paths
from restream_agent.base.channel_paths import MAIN_PATHS
from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli.main import main
from restream_agent.deploy import checking, ffmpeg_look, machine, machine_check, polkit
from restream_agent.deploy.ffmpeg_needs import FfmpegAbilities
from restream_agent.deploy.polkit_findings import PolkitFacts
from restream_agent.deploy.port_findings import Port, PortOwner, PortState
from restream_agent.fallback import last_live
from restream_agent.systemd import systemctl
from restream_agent.wire.last_live import LastLive
from tests.lab.check_speed import make_root, toml

KEY = "live_hidden_key_0123"
ALL_OF_FFMPEG = FfmpegAbilities("7.1", {})
TAKEN = Port("0.0.0.0:1935", "restream-ingest.service")
CLEAR = f'[platforms.clear]\nurl = "rtmps://clear.example.org/app"\nkey = "{KEY}"\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a file of two platforms that is in order."""
    make_root(tmp_path, toml(2), 2)
    return tmp_path


def write(root: Path, text: str) -> Path:
    place = root / paths.CONFIG.lstrip("/")
    place.write_text(text)
    return place


def check(root: Path, *options: str, colour: bool = False) -> Result:
    done = CliRunner().invoke(main, ["check", "--root", str(root), *options], color=colour)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert KEY not in done.output
    return done


def test_a_file_in_order_has_one_line(root: Path) -> None:
    """On stdout; stderr is empty."""
    done = check(root)
    place = root / paths.CONFIG.lstrip("/")
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{place}: ok, 2 platforms, srs\n", "")


def test_a_warning_is_apart_from_errors_and_fails_with_strict_alone(root: Path) -> None:
    """The exit code is 0 without --strict, and the line on stdout counts the warning."""
    place = write(root, toml(2) + CLEAR)
    warned = (
        f"{place}:12:7: warning: platforms.clear.key: is written in the clear\n"
        '   12 | key = "•••"\n'
        "      |       ^^^^^\n"
        "      = hint: store it with `restream-agent secret set clear` and write key = "
        '{ credential = "clear" }\n\n'
    )
    done, strict = check(root), check(root, "--strict")
    assert (done.exit_code, done.stderr) == (0, warned)
    assert done.stdout == f"{place}: ok, 3 platforms, srs, 1 warning\n"
    assert (strict.exit_code, strict.stdout) == (78, "")
    assert strict.stderr == f"{warned}{place}: 1 warning (--strict)\n"


def test_errors_come_before_warnings(root: Path) -> None:
    """Though the warning is of an earlier line."""
    write(root, toml(2) + CLEAR + '[fallback]\nhold = "soon"\n')
    done = check(root)
    assert done.exit_code == 78
    assert done.stderr.index(": error: fallback.hold: ") < done.stderr.index(": warning: platforms.clear.key")


def test_json_has_these_fields(root: Path) -> None:
    """docs/operations.md describes them; a program may rely on each."""
    place = write(root, toml(2) + CLEAR + '[fallback]\nholdd = "1h"\n')
    answer = json.loads(check(root, "--json").stdout)
    assert answer == {
        "version": 1,
        "file": str(place),
        "ok": False,
        "errors": [
            {
                "file": str(place),
                "line": 14,
                "column": 1,
                "key": "fallback.holdd",
                "message": "is not a known key",
                "rule": "[fallback] has the keys video, message, hold, standby, opening, match, keyframe",
                "hint": 'did you mean "hold"?',
                "excerpt": {"text": 'holdd = "1h"', "start": 0, "width": 5},
            }
        ],
        "warnings": [answer["warnings"][0]],
    }
    assert (answer["warnings"][0]["line"], answer["warnings"][0]["rule"]) == (12, None)


def test_json_of_a_file_that_is_missing(tmp_path: Path) -> None:
    """It is JSON as well, with null for what does not exist."""
    done = check(tmp_path, "--json")
    (error,) = json.loads(done.stdout)["errors"]
    assert (done.exit_code, error["line"], error["key"], error["excerpt"]) == (78, None, None, None)
    assert (error["message"], error["hint"]) == ("does not exist", "restream-agent init creates it")


@pytest.mark.parametrize(("no_colour", "is_coloured"), [(None, True), ("1", False)])
def test_colours_are_for_terminals_without_no_color(
    root: Path, monkeypatch: pytest.MonkeyPatch, no_colour: str | None, is_coloured: bool
) -> None:
    """no-color.org; what is piped has no colours in any case."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", no_colour)
    write(root, toml(2) + CLEAR)
    assert ("\x1b[" in check(root, colour=True).stderr) is is_coloured
    assert "\x1b[" not in check(root).stderr


def test_in_the_journal_a_problem_has_one_line(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paragraph would be several messages there."""
    place = write(root, toml(2) + CLEAR)
    monkeypatch.setattr("restream_agent.base.journal.is_reader", lambda: True)
    (line,) = check(root).stderr.splitlines()
    assert line.startswith(f"warning: {place}:12:7: platforms.clear.key: is written in the clear (store it")


def test_what_is_wrong_with_the_machine_comes_last_and_has_no_place(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs, polkit and ports are told together with the mistakes of the file; alone they exit with 1."""

    def missing(*_: object) -> None:
        raise RestreamError("ffmpeg does not exist", hint="apt install ffmpeg")

    monkeypatch.setattr(machine, "require_programs", missing)
    monkeypatch.setattr(polkit, "look", lambda *_: PolkitFacts(load="not-found"))
    monkeypatch.setattr(machine_check, "look_at_ports", lambda *_: {TAKEN: PortOwner(PortState.TAKEN)})
    monkeypatch.setattr(ffmpeg_look, "known", lambda *_: ALL_OF_FFMPEG)
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    monkeypatch.setattr(TargetMachine, "is_this_machine", property(lambda _: True))
    machine_s = (
        "restream-agent: error: ffmpeg does not exist\n      = hint: apt install ffmpeg\n\n"
        "restream-agent: error: polkit is not installed; without it the agent cannot start a broadcast\n"
        "      = hint: apt install polkitd\n\n"
        "restream-agent: error: 0.0.0.0:1935, which restream-ingest.service needs, is in use by another "
        "program\n      = hint: see which: ss -ltnp 'sport = :1935'\n\n"
    )
    place = root / paths.CONFIG.lstrip("/")
    done = check(root)
    assert (done.exit_code, done.stderr) == (1, f"{machine_s}{place}: 3 errors\n")
    write(root, toml(2) + "[fallback]\nholdd = 1\n")
    done = check(root)
    assert (done.exit_code, done.stderr.endswith(f"\n\n{machine_s}{place}: 4 errors\n")) == (78, True)


def test_a_file_is_for_another_machine_where_none_is_installed(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in CI, which has neither ffmpeg nor polkit; its keys are looked for all the same."""
    monkeypatch.setattr(TargetMachine, "is_this_machine", property(lambda _: True))
    file = tmp_path_factory.mktemp("checkout") / "restream.toml"
    file.write_text(toml(2))
    assert checking.is_machine_asked(TargetMachine(root))
    assert not checking.is_machine_asked(TargetMachine(file.parent))
    monkeypatch.setattr(machine, "programs", None)  # whoever asks for a program fails
    said = check(file.parent, "--config", str(file)).stderr
    assert "credentials/p0 does not exist" in said
    (root / paths.CONFIG.lstrip("/")).rename(root / "away")
    assert not checking.is_machine_asked(TargetMachine(root))


def test_what_a_platform_does_not_take_of_the_last_stream_is_warned_of(root: Path) -> None:
    """At the platform's place in the file; without a last stream nothing is said."""
    place = write(root, toml(0) + '[platforms.p0]\npreset = "twitch"\nkey = { credential = "p0" }\n')
    assert check(root).stderr == ""
    last_live.keep(LastLive(1920, 1080, 60.0, 6_000_000, 8.33), root, MAIN_PATHS)
    assert check(root).stderr.startswith(
        f"{place}:4:1: warning: platforms.p0: OBS last sent a keyframe every 8.3 s, and Twitch asks for a "
        "keyframe every 2s or more often\n"
    )
    assert check(root, "--strict").exit_code == 78


def test_a_file_may_be_named_relatively(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages name it as it was named."""
    place = write(root, toml(2) + "[fallback]\nholdd = 1\n")
    monkeypatch.chdir(place.parent)
    assert check(root, "--config", place.name).stderr.startswith("restream.toml:11:1: error: ")


@pytest.mark.parametrize("is_clear", [False, True])
def test_a_thousand_platforms_take_no_time_that_grows_with_their_square(
    tmp_path: Path, is_clear: bool
) -> None:
    """The text is read once, however many problems are told; see tests/lab/check_speed.py for seconds."""
    make_root(tmp_path, toml(1000, is_clear=is_clear), 1000)
    spent = sum(os.times()[:2])
    done = check(tmp_path)
    assert sum(os.times()[:2]) - spent < 10
    assert (done.exit_code, done.stderr.count("warning: ")) == (0, 1000 if is_clear else 0)


def test_the_docs_show_what_check_shows(root: Path) -> None:
    """The session in docs/operations.md, word by word."""
    text = toml(2).replace("[platforms.p0]", '[fallback]\nhold = "half an hour"\n[platforms.p0]')
    place = write(root, text + CLEAR.replace("clear", "twitch"))
    docs = (Path(__file__).parents[3] / "docs/operations.md").read_text()
    shown = docs.partition("    $ restream-agent check\n")[2].partition("\nEach problem begins")[0]
    lines = [re.sub(r"^\S+:[0-9]+:[0-9]+", "F", line.strip()) for line in shown.splitlines()]
    said = check(root).stderr.replace(str(place), paths.CONFIG)
    told = [re.sub(r"^\S+:[0-9]+:[0-9]+", "F", line.strip()) for line in said.splitlines()]
    number = re.compile(r"^[0-9]+ \|")
    assert [number.sub("|", line) for line in lines] == [number.sub("|", line) for line in told]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied"), "cannot be read\n      = hint: run this as root (sudo)\n"),
        (
            IsADirectoryError(21, "Is a directory"),
            "cannot be read: Is a directory\n      = hint: it has to be a text file\n",
        ),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "?"), "is not UTF-8 text\n      = hint: save it as UTF-8\n"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    """The tests may run as root, so the file system stands in for the missing right."""

    def refuse(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    done = check(root)
    place = root / paths.CONFIG.lstrip("/")
    assert (done.exit_code, done.stderr) == (78, f"{place}: error: {words}\n{place}: 1 error\n")


def test_a_file_that_is_to_take_the_place_is_checked_with_what_is_beside_it(
    root: Path, tmp_path: Path
) -> None:
    """With the machine's keys and platforms.d, which another directory lacks. Its name is in messages."""
    beside = root / paths.CONFIG.lstrip("/").replace("restream.toml", "platforms.d/a.toml")
    beside.parent.mkdir()
    beside.write_text('[platforms.late]\nurl = "rtmps://late.example.org/app"\nkey = { credential = "p1" }\n')
    file = tmp_path / "new.toml"
    file.write_text(toml(1))
    assert check(root, str(file)).stdout == f"{file}: ok, 2 platforms, srs\n"
    assert check(root, "--config", str(file)).stdout == f"{file}: ok, 1 platform, srs\n"
    file.write_text(toml(1) + "[fallback]\nholdd = 1\n")
    assert check(root, str(file)).stderr.startswith(f"{file}:")


def test_a_file_that_is_to_take_the_place_is_for_this_machine(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its programs are asked for before there is any TOML: the file is to be installed here."""
    file = (root / paths.CONFIG.lstrip("/")).rename(root / "new.toml")

    def missing(*_: object) -> None:
        raise RestreamError("ffmpeg does not exist", hint="apt install ffmpeg")

    monkeypatch.setattr(machine, "require_programs", missing)
    monkeypatch.setattr(ffmpeg_look, "known", lambda *_: ALL_OF_FFMPEG)
    monkeypatch.setattr(systemctl, "is_running", lambda: False)
    monkeypatch.setattr(TargetMachine, "is_this_machine", property(lambda _: True))
    assert "ffmpeg does not exist" in check(root, str(file)).stderr
    assert "ffmpeg does not exist" not in check(root, "--config", str(file)).stderr


def test_a_file_is_given_in_one_way(root: Path) -> None:
    """FILE and --config mean different things."""
    done = check(root, "a.toml", "--config", "b.toml")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "Error: give FILE or --config, not both")
