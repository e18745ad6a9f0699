"""The ingest server in `init`: found, offered, or installed because an option says so."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli import init_server
from restream_agent.cli.init_server import Asked
from restream_agent.cli.main import main
from restream_agent.deploy import machine, server_install
from restream_agent.deploy.server_change import ServerChange, SrsSource
from restream_agent.systemd import systemctl

pytestmark = pytest.mark.usefixtures("quick_ffmpeg")

KEY = "live_hidden_key"
TOML = "etc/restream-agent/restream.toml"
SHA256 = "ab" * 32
SRS = SrsSource("/root/srs.zip", SHA256)
NGINX_CHANGE = ServerChange("nginx-rtmp", "nginx-rtmp is not installed", (("apt-get", "install", "nginx"),))


def run(*arguments: str | Path, input: str = KEY) -> Result:
    """Run `init` in this process, without a terminal."""
    done = CliRunner().invoke(main, ["init", *map(str, arguments)], input=input)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done


class Installer:
    """In place of the installation, which other tests have. `done` is what was installed."""

    def __init__(self) -> None:
        self.servers: dict[str, Path] = {}
        self.done: list[ServerChange] = []
        self.error: RestreamError | None = None

    def change(self, server: str, source: SrsSource | None = None) -> ServerChange:
        """Return the change for what is not there."""
        if source is not None:
            return ServerChange("srs", "SRS is to be installed", source=source, target="/srs")
        if server in self.servers:
            return ServerChange("nginx-rtmp")
        if server == "srs":
            raise RestreamError(
                "SRS is not installed, and no distribution has a package of it", hint="name it"
            )
        return NGINX_CHANGE

    def install(self, change: ServerChange, on_line: object) -> str:
        """Note it."""
        assert callable(on_line)
        for line in change.lines:
            on_line(line)
        if self.error is not None:
            raise self.error
        self.done.append(change)
        return f"{change.server} at /there"


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    """Have a root stand for this machine, on which systemd runs and no ingest server is installed."""
    installer = Installer()
    monkeypatch.setattr(TargetMachine, "is_this_machine", True)
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "found_servers", lambda: installer.servers)
    monkeypatch.setattr(server_install, "change", installer.change)
    monkeypatch.setattr(server_install, "install", installer.install)
    monkeypatch.setattr("restream_agent.deploy.own_host.own_host", lambda _: "live.example.org")
    return installer


@pytest.mark.parametrize(
    ("server", "how"),
    [
        ("nginx-rtmp", "restream-agent install-server nginx-rtmp"),
        (
            "srs",
            "restream-agent install-server srs --from ARCHIVE --sha256 HEX (docs/install.md, section SRS)",
        ),
    ],
)
def test_without_an_option_nothing_is_installed(
    tmp_path: Path, installer: Installer, server: str, how: str
) -> None:
    """`--yes` writes; to apply would fail. What installs the server comes first in what is next."""
    done = run("--root", tmp_path, "--server", server, "--platform", "twitch", "--yes")
    assert (done.exit_code, (tmp_path / TOML).exists(), installer.done) == (0, True, []), done.output
    assert f"{server} is not installed: {how}\n" in done.stderr
    _, _, steps = done.stdout.partition("Next\n\n")
    width = len("restream-agent obs --show-key")
    assert steps.partition("\n\n")[0].split("\n") == [
        f"  {'install the ingest server':<{width}}  {how}",
        f"  {'restream-agent apply':<{width}}  makes the machine so",
        "  restream-agent obs --show-key  shows the stream key, to type into OBS",
        "  restream-agent status --watch  shows what happens when you stream",
    ]
    assert "  Server      rtmp://live.example.org/live\n" in done.stdout


def test_with_install_the_commands_are_shown_and_run(tmp_path: Path, installer: Installer) -> None:
    """Before anything is written; the words are the commands themselves."""
    done = run("--root", tmp_path, "--install", "--platform", "twitch", "--no-apply")
    assert (done.exit_code, installer.done) == (0, [NGINX_CHANGE]), done.output
    assert "\nnginx-rtmp is not installed\n\n  apt-get install nginx\n\n" in done.stdout
    assert "… apt-get install nginx\n" in done.stderr
    assert done.stdout.index("ready: nginx-rtmp at /there") < done.stdout.index("wrote ")
    assert "install the ingest server" not in done.stdout


def test_a_failed_installation_writes_nothing(tmp_path: Path, installer: Installer) -> None:
    """So the next try begins at the same place."""
    installer.error = RestreamError("apt cannot fetch the packages:\nE: no", hint="is there a network?")
    done = run("--root", tmp_path, "--install", "--platform", "twitch", "--yes")
    assert (done.exit_code, list(tmp_path.rglob("*"))) == (1, [])
    assert done.stderr.endswith(
        "restream-agent: apt cannot fetch the packages:\n  E: no\n"
        "  is there a network?; no TOML and no key was written\n"
    )


def test_an_archive_of_srs_means_srs(tmp_path: Path, installer: Installer) -> None:
    """It needs no `--server` and no `--install`."""
    options = ("--srs", "/root/srs.zip", "--srs-sha256", SHA256, "--platform", "twitch", "--no-apply")
    done = run("--root", tmp_path, *options)
    assert done.exit_code == 0, done.output
    assert [change.source for change in installer.done] == [SRS]
    assert "\nSRS is to be installed\n\n  read /root/srs.zip\n" in done.stdout
    assert 'server = "srs"' in (tmp_path / TOML).read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--srs", "/srs.zip"),
            "--srs-sha256 is missing: SRS is installed only from a file with a known checksum",
        ),
        (("--srs-sha256", SHA256), "--srs-sha256 is for --srs, which is missing"),
        (
            ("--srs", "/srs.zip", "--srs-sha256", SHA256, "--server", "nginx-rtmp"),
            "--srs installs SRS, and --server names nginx-rtmp",
        ),
        (("--srs", "http://x/y", "--srs-sha256", SHA256), "http:// is not supported as the place of SRS"),
        (("--srs", "/srs.zip", "--srs-sha256", "ab"), "a SHA-256 has 64 hexadecimal digits"),
        (("--server", "srs", "--install"), "SRS is not installed, and no distribution has a package of it"),
    ],
)
def test_options_that_cannot_be_meant_are_told(
    tmp_path: Path, installer: Installer, options: tuple[str, ...], words: str
) -> None:
    """Before anything is done."""
    done = run("--root", tmp_path, *options, "--platform", "twitch", "--yes")
    assert (done.exit_code, installer.done, list(tmp_path.rglob("*"))) == (1, [], [])
    assert f"restream-agent: {words}\n" in done.stderr


def test_another_machine_s_server_is_not_installed(tmp_path: Path) -> None:
    """--root is a directory."""
    done = run("--root", tmp_path, "--install", "--platform", "twitch")
    assert (done.exit_code, list(tmp_path.rglob("*"))) == (1, [])
    assert "--install and --srs are for this machine, not for another's --root\n" in done.stderr


def test_a_toml_that_is_there_stays_and_its_server_is_installed(tmp_path: Path, installer: Installer) -> None:
    """As one from git; without the option nothing is installed, with it a second time neither."""
    (tmp_path / TOML).parent.mkdir(parents=True)
    (tmp_path / TOML).write_text(
        'version = 1\n[ingest]\nserver = "nginx-rtmp"\nkey = { credential = "ingest" }\n'
    )
    assert run("--root", tmp_path).exit_code == 0
    assert installer.done == []
    done = run("--root", tmp_path, "--install")
    assert (done.exit_code, installer.done) == (0, [NGINX_CHANGE]), done.output
    assert f"{tmp_path / TOML} is there already: nothing was changed\n" in done.stdout
    installer.servers = {"nginx-rtmp": Path("/usr/sbin/nginx")}
    done = run("--root", tmp_path, "--install")
    assert (done.exit_code, len(installer.done)) == (0, 1)
    assert done.stdout.startswith(f"{tmp_path / TOML} is there already: nothing was changed\n")
    done = run("--root", tmp_path, "--srs", "/root/srs.zip", "--srs-sha256", SHA256)
    assert done.stderr == "restream-agent: --srs installs SRS, and the TOML names nginx-rtmp\n"


def test_an_installed_server_is_taken_without_a_question(tmp_path: Path, installer: Installer) -> None:
    """And named."""
    installer.servers = {"srs": Path("/opt/srs")}
    with CliRunner().isolation() as (_, said, _):
        answer = init_server.ask(Asked(), TargetMachine(tmp_path))
    assert (answer.server, answer.source) == ("srs", None)
    assert said.getvalue().decode().endswith("OBS sends: srs, found at /opt/srs\n")


def test_whoever_has_no_server_chooses_which_to_install(tmp_path: Path, installer: Installer) -> None:
    """With what that takes."""
    with CliRunner().isolation(input="\n") as (_, said, _):
        answer = init_server.ask(Asked(), TargetMachine(tmp_path))
    assert (answer.server, answer.source) == ("nginx-rtmp", None)
    words = said.getvalue().decode()
    assert "  nginx-rtmp  Debian's packages nginx and libnginx-mod-rtmp; init can install them\n" in words
    assert "which shall it be (nginx-rtmp, srs) [nginx-rtmp]: " in words


def test_srs_is_asked_for_until_it_can_be_installed(tmp_path: Path, installer: Installer) -> None:
    """Or with Enter not at all."""
    with CliRunner().isolation(input=f"srs\n/root/srs.zip\nab\n/root/srs.zip\n{SHA256}\n") as (_, said, _):
        answer = init_server.ask(Asked(), TargetMachine(tmp_path))
    assert (answer.server, answer.source) == ("srs", SRS)
    assert "  a SHA-256 has 64 hexadecimal digits: " in said.getvalue().decode()
    with CliRunner().isolation(input="\n"):
        assert init_server.ask(Asked("srs"), TargetMachine(tmp_path)).source is None


def test_a_person_may_decline_the_installation(tmp_path: Path, installer: Installer) -> None:
    """Then the server counts as missing, and the file is written all the same."""
    part = init_server.part("nginx-rtmp", Asked(), TargetMachine(tmp_path), asks=True)
    assert (part.change, part.is_there) == (NGINX_CHANGE, True)
    with CliRunner().isolation(input="n\n"):
        left = init_server.agreed(part, TargetMachine(tmp_path), asks=True)
    assert (left.change, left.is_there) == (None, False)
    with CliRunner().isolation(input="\n"):
        assert init_server.agreed(part, TargetMachine(tmp_path), asks=True) == part
