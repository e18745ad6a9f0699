"""The policy's file: whose it must be, and what `check` and `apply` do with it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restream_agent.base import paths
from restream_agent.base.errors import ConfigError
from restream_agent.cli.main import main
from restream_agent.config.policy import Policy
from restream_agent.deploy import policy_checks

TOML = """\
version = 1
[ingest]
key = { credential = "ingest" }
[fallback]
video = "/nowhere/slate.mp4"
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
[notify]
command = ["/usr/local/bin/tell", "x"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a TOML that needs a policy, and without keys."""
    place(tmp_path, paths.CONFIG).parent.mkdir(parents=True)
    place(tmp_path, paths.CONFIG).write_text(TOML)
    return tmp_path


def place(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def check(root: Path, *options: str) -> Result:
    done = CliRunner().invoke(main, ["check", "--root", str(root), *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def errors(root: Path, *options: str, kind: str = "errors") -> dict[str, str]:
    """Return the message of each error by its key, or by the policy's file for one of the policy."""
    answer = json.loads(check(root, "--json", *options).stdout)
    return {each["key"] or each["file"]: each["message"] for each in answer[kind]}


def test_without_a_file_nothing_is_open(tmp_path: Path) -> None:
    """It is no error that there is none."""
    assert policy_checks.read(tmp_path) == Policy()


@pytest.mark.parametrize("mode", [0o646, 0o666])
def test_a_policy_that_others_may_write_is_refused(root: Path, mode: int) -> None:
    """Whoever can write it would be the administrator; the command that mends it is named."""
    policy = place(root, paths.POLICY)
    policy.write_text('videos = ["/nowhere/"]\n')
    policy.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        policy_checks.read(root)
    (problem,) = caught.value.problems
    assert problem.message == f"could have been written by others than root, who may change {policy}"
    assert problem.hint == f"chown root:root {policy}; chmod go-w {policy}"
    assert str(policy) in errors(root)


def test_a_policy_in_a_directory_of_others_is_refused(root: Path) -> None:
    """They could put another file in its place."""
    place(root, paths.POLICY).write_text("")
    place(root, paths.OWN_DIRECTORY).chmod(0o777)
    with pytest.raises(ConfigError, match="who may change"):
        policy_checks.read(root)


def test_a_bad_policy_is_told_at_its_line(root: Path) -> None:
    """With the file's name, and what the TOML says is not judged by it."""
    place(root, paths.POLICY).write_text("\nvidoes = []\n")
    done = check(root)
    assert done.exit_code == 78
    assert f"{place(root, paths.POLICY)}:2:1: error: vidoes: is not a known key" in done.stderr
    assert "does not allow" not in done.stderr


def test_a_refused_video_is_not_looked_at(root: Path) -> None:
    """Nobody learns whether it exists; keys are told as ever."""
    found = errors(root)
    assert found["fallback.video"] == "is outside /srv, and this machine's policy does not allow it"
    assert found["notify.command"] == "runs a program, and this machine's policy does not allow it"
    assert "does not exist" in found["platforms.twitch.key"]


def test_an_opened_video_is_looked_at(root: Path) -> None:
    """The line is the one that the hint names."""
    place(root, paths.POLICY).write_text('videos = ["/nowhere/slate.mp4"]\n')
    assert errors(root)["fallback.video"] == "/nowhere/slate.mp4: does not exist"


def test_apply_refuses_what_check_refuses(root: Path) -> None:
    """And writes nothing."""
    for name in ("ingest", "twitch"):
        key = place(root, f"{paths.CREDENTIALS}/{name}")
        key.parent.mkdir(exist_ok=True)
        key.write_text("some-long-key-0123\n")
    done = CliRunner().invoke(main, ["apply", "--root", str(root)])
    assert done.exit_code == 78
    assert "notify.command: runs a program, and this machine's policy does not allow it" in done.stderr
    assert 'commands = [["/usr/local/bin/tell", "x"]]' in done.stderr
    assert not place(root, paths.UNITS).exists()


def test_elsewhere_keys_and_videos_are_no_matter(root: Path) -> None:
    """What that machine has to open is a warning, so that --strict fails without its policy."""
    assert errors(root, "--elsewhere") == {}
    warned = errors(root, "--elsewhere", kind="warnings")
    assert warned == {
        "fallback.video": "is outside /srv, and the machine that is to use this must allow it",
        "notify.command": "runs a program, and the machine that is to use this must allow it",
    }
    codes = [check(root, "--elsewhere", *more).exit_code for more in ((), ("--strict",))]
    assert codes == [0, 78]


def test_elsewhere_a_copy_of_the_policy_decides(root: Path, tmp_path: Path) -> None:
    """What it does not open is an error; with the rest open, --strict is content."""
    policy = tmp_path / "copy.toml"
    policy.write_text('videos = ["/nowhere/"]\n')
    assert list(errors(root, "--elsewhere", "--policy", str(policy))) == ["notify.command"]
    policy.write_text('videos = ["/nowhere/"]\ncommands = [["/usr/local/bin/tell", "x"]]\n')
    done = check(root, "--elsewhere", "--strict", "--policy", str(policy))
    assert (done.exit_code, done.stderr) == (0, "")


def test_elsewhere_everything_else_is_an_error(root: Path) -> None:
    """As on the machine itself."""
    place(root, paths.CONFIG).write_text(TOML.replace('"twitch"\nkey', '"twich"\nkey'))
    assert check(root, "--elsewhere").exit_code == 78
    assert "platforms.twitch.preset" in errors(root, "--elsewhere")


def test_elsewhere_the_machine_is_not_looked_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its policy in its usual place is not read either: it is not the one in question."""
    place(root, paths.POLICY).write_text("not = toml = at all")
    assert errors(root, "--elsewhere") == {}


def test_a_policy_that_is_not_there_is_said(root: Path) -> None:
    """Named by hand, it has to exist."""
    done = check(root, "--elsewhere", "--policy", "/nowhere/policy.toml")
    assert done.exit_code == 78
    assert "/nowhere/policy.toml: error: does not exist" in done.stderr


def test_a_root_may_be_relative(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `--root .`; the directories above it are looked at, too."""
    place(root, paths.POLICY).write_text('videos = ["/nowhere/"]\n')
    monkeypatch.chdir(root)
    assert policy_checks.read(Path()).videos == ("/nowhere/",)


@pytest.mark.parametrize(
    ("change", "policy", "line"),
    [
        ("key.file=/opt/x", "", 'key_files = ["/opt/x"]'),
        ("url=rtmps://other.example.org/app", "hosts = []\n", 'hosts = ["other.example.org"]'),
    ],
)
def test_a_command_that_edits_says_how_to_allow_it(root: Path, change: str, policy: str, line: str) -> None:
    """And writes nothing."""
    toml = 'version = 1\n[ingest]\nkey = { credential = "i" }\n[platforms.club]\n'
    toml += 'url = "rtmps://club.example.org/app"\nkey = { credential = "club" }\n'
    place(root, paths.CONFIG).write_text(toml)
    place(root, paths.POLICY).write_text(policy)
    done = CliRunner().invoke(main, ["platform", "set", "club", change, "--root", str(root), "--no-apply"])
    assert done.exit_code == 78
    assert f"root may allow it in /etc/restream-agent/policy.toml: {line}" in done.stderr
    assert place(root, paths.CONFIG).read_text() == toml
