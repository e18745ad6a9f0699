"""`restream-agent secret`: stores, lists and removes keys; no key is ever shown."""

import json
import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner, Result

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.base.target import TargetMachine
from restream_agent.cli.main import main
from restream_agent.config.load import load
from restream_agent.deploy import credentials, secret_checks
from restream_agent.systemd.systemctl import Systemd

TOML = """
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.club]
url = "rtmp://h/app"
key = { credential = "club" }
[platforms.off]
url = "rtmp://h/app"
key = { credential = "club" }
enabled = false
"""
CONFIG = load(TOML, source="t")
SECRET = "hidden-key"


class ApplyState:
    """Answers systemctl with the state of restream-apply.service, and records what it is asked to change."""

    def __init__(self, state: str) -> None:
        self.calls: list[tuple[str, str]] = []
        self._state = state

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert (timeout > 0, ok) == (True, (0,))
        if argv[1] != "show":
            self.calls.append((argv[-3], argv[-1]))
        return CompletedProcess(argv, 0, f"Id=restream-apply.service\nActiveState={self._state}\n", "")


def secret(root: Path, *arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["secret", *arguments, "--root", str(root)], input=stdin)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a TOML."""
    place = locate(tmp_path, paths.CONFIG)
    place.parent.mkdir(parents=True)
    place.write_text(TOML)
    return tmp_path


def test_a_secret_from_stdin_is_stored_for_root_alone(root: Path) -> None:
    """0600 in a directory of 0700; the output names the file and the next step, not the key."""
    done = secret(root, "set", "club", stdin=f"{SECRET}\n")
    file = locate(root, f"{paths.CREDENTIALS}/club")
    assert done.output == f"stored {file}\nto have it used: restream-agent apply --root {root}\n"
    assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{SECRET}\n", 0o600)
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_secret_is_never_readable_by_others(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that replaces the old one is 0600 before anything is in it, whatever the umask is."""
    seen = []
    fsync = os.fsync

    def look(handle: int) -> None:
        seen.append(os.fstat(handle).st_mode & 0o777)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", look)
    umask = os.umask(0)
    try:
        credentials.store(TargetMachine(root), "club", SECRET.encode(), encrypt=False)
    finally:
        os.umask(umask)
    assert seen == [0o600]


@pytest.mark.parametrize(
    "bad", ["", "\n", "two words\n", "two\nlines\n", "x" * 901, "ü\n", "RTMP://h/app/key"]
)
def test_what_cannot_be_a_key_is_refused(root: Path, bad: str) -> None:
    """The key that was stored before stays."""
    credentials.store(TargetMachine(root), "club", SECRET.encode(), encrypt=False)
    done = secret(root, "set", "club", stdin=bad)
    assert done.exit_code == 1
    assert "nothing was changed" in done.stderr
    assert locate(root, f"{paths.CREDENTIALS}/club").read_text() == f"{SECRET}\n"


@pytest.mark.parametrize(
    ("server", "name", "is_refused"),
    [
        ("srs", "ingest", True),
        ("nginx-rtmp", "ingest", False),
        ("srs", "club", False),
        (None, "ingest", True),
    ],
)
def test_a_key_that_obs_cannot_send_is_refused(
    root: Path, server: str | None, name: str, is_refused: bool
) -> None:
    """SRS cuts the URL at a slash; a platform's key may have any. Without a TOML the name of `init` tells."""
    toml = locate(root, paths.CONFIG)
    toml.write_text(TOML.replace("[ingest]", f'[ingest]\nserver = "{server}"'))
    if server is None:
        toml.unlink()
    done = secret(root, "set", name, stdin="hidden/key\n")
    assert (done.exit_code, locate(root, f"{paths.CREDENTIALS}/{name}").exists()) == (
        int(is_refused),
        not is_refused,
    )
    if is_refused:
        assert "has a /" in done.stderr
        assert "nothing was changed; openssl rand -hex 16 makes another" in done.stderr
    assert "hidden" not in done.output + done.stderr


def test_blanks_around_a_key_are_not_part_of_it(root: Path) -> None:
    """They are copied along from a web page or a file of Windows."""
    assert secret(root, "set", "club", stdin=f" {SECRET} \r\n").exit_code == 0
    assert locate(root, f"{paths.CREDENTIALS}/club").read_text() == f"{SECRET}\n"


def test_a_key_has_the_edit_applied_that_failed_without_it() -> None:
    """An automatic apply that succeeded is not repeated; one that waited for the key has begun already."""
    start = [("start", "restream-apply.service")]
    for state, calls, is_tried in (("failed", start, True), ("active", [], False), ("activating", [], True)):
        runner = ApplyState(state)
        assert credentials.retry_apply(Systemd(runner)) is is_tried
        assert runner.calls == calls


@pytest.mark.parametrize("name", ["../club", ".club", "a/b", "", "x" * 65])
def test_an_invalid_name_is_refused(root: Path, name: str) -> None:
    """No name leads out of the directory."""
    done = secret(root, "set", name, stdin=SECRET)
    assert (done.exit_code, "is not a valid credential name" in done.stderr) == (1, True)


def test_a_secret_is_no_argument(root: Path) -> None:
    """Every user can see command lines, so no key may be on one."""
    assert secret(root, "set", "club", SECRET).exit_code == 2


def test_the_list_says_everything_but_the_keys(root: Path) -> None:
    """Name, users, age and kind of each stored key, and the missing keys."""
    for name in ("club", "old"):
        credentials.store(TargetMachine(root), name, SECRET.encode(), encrypt=False)
    os.utime(locate(root, f"{paths.CREDENTIALS}/club"), (0, 0))
    done = secret(root, "list", "--json")
    keys = {key.pop("name"): key for key in json.loads(done.stdout)}
    assert [keys["club"].pop("age") > 1e9, keys["old"].pop("age") < 60] == [True, True]
    assert keys == {
        "club": {"users": ["club", "off"], "is_encrypted": False},
        "ingest": {"users": ["ingest"], "age": None, "is_encrypted": False},
        "old": {"users": [], "is_encrypted": False},
    }
    words = secret(root, "list").stdout
    assert "ingest  missing: restream-agent secret set ingest, used by ingest\n" in words
    assert SECRET not in words + done.stdout


def test_a_secret_in_use_is_not_removed(root: Path) -> None:
    """The error names its users, disabled platforms included; --force removes it anyway."""
    credentials.store(TargetMachine(root), "club", SECRET.encode(), encrypt=False)
    done = secret(root, "remove", "club")
    assert (done.exit_code, "club is in use by club, off" in done.stderr) == (1, True)
    assert secret(root, "remove", "club", "--force").exit_code == 0
    assert not locate(root, f"{paths.CREDENTIALS}/club").exists()


def test_there_must_be_something_to_remove(root: Path) -> None:
    """A mistyped name is an error."""
    done = secret(root, "remove", "clubb")
    assert (done.exit_code, "there is no credential clubb" in done.stderr) == (1, True)


def test_an_encrypted_secret_replaces_a_plain_secret(root: Path) -> None:
    """It is used and listed from the directory of encrypted credentials; only systemd reads its content."""
    place = locate(root, f"{paths.ENCRYPTED_CREDENTIALS}/club")
    place.parent.mkdir()
    place.write_bytes(b"\0 not for us \n")
    credentials.store(TargetMachine(root), "ingest", SECRET.encode(), encrypt=False)
    assert secret_checks.problems(CONFIG, root, "t") == ()
    assert [(entry.name, entry.is_encrypted) for entry in credentials.list_credentials(root, CONFIG)] == [
        ("club", True),
        ("ingest", False),
    ]


def test_encrypting_for_another_machine_is_refused(root: Path) -> None:
    """systemd-creds encrypts for the machine that it runs on."""
    with pytest.raises(RestreamError, match="this machine only"):
        credentials.store(TargetMachine(root), "club", SECRET.encode(), encrypt=True)
