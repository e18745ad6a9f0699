"""`install-server`: shows, does, and says whether anything was changed."""

import os
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from restream_agent.base.errors import RestreamError
from restream_agent.cli.main import main
from restream_agent.deploy import apt, machine, server_install, server_look, srs_install
from restream_agent.deploy.server_change import MASK, UNMASK, Command, NginxFacts, ServerChange, SrsSource
from restream_agent.systemd import systemctl

SHA256 = "ab" * 32
CHANGES = 3
NOTHING = NginxFacts(has_apt=True, has_nginx=False, has_module=False, has_idle_web_server=False)
THERE = NginxFacts(has_apt=True, has_nginx=True, has_module=True, has_idle_web_server=False)


def run(*arguments: str) -> Result:
    """Run the command in this process, without a terminal."""
    done = CliRunner().invoke(main, ["install-server", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


class InstallMachine:
    """In place of apt-get and systemctl. `ran` has the commands, `facts` what is there."""

    def __init__(self) -> None:
        self.ran: list[Command] = []
        self.facts = NOTHING
        self.found: dict[str, str] = {}
        self.update_said = ""
        self.failure: BaseException | None = None

    def systemctl(self, command: Command, **_: object) -> None:
        """Note it."""
        self.ran.append(command)

    def apt(self, command: Command, _: object) -> str:
        """Note it; the installation may fail."""
        self.ran.append(command)
        if "update" in command:
            return self.update_said
        if self.failure is not None:
            raise self.failure
        self.facts, self.found = THERE, {"nginx-rtmp": "/n"}
        return ""


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> InstallMachine:
    """Have a machine with systemd and apt, and without an ingest server."""
    on = InstallMachine()
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(server_look, "look_at_nginx", lambda: on.facts)
    monkeypatch.setattr(server_look, "has_idle_web_server", lambda: on.facts.has_idle_web_server)
    monkeypatch.setattr(machine, "found_servers", lambda: on.found)
    monkeypatch.setattr(apt, "run_apt", on.apt)
    monkeypatch.setattr("restream_agent.base.process.run", on.systemctl)
    return on


def test_everything_is_shown_then_done_then_told(on: InstallMachine) -> None:
    """Each command before it runs."""
    done = run("nginx-rtmp")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "ready: nginx-rtmp at /n")
    shown = [line.removeprefix("… ") for line in done.stderr.splitlines()]
    assert shown == [" ".join(command) for command in on.ran]
    assert [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")] == shown


def test_again_changes_nothing_and_says_so(on: InstallMachine) -> None:
    """Ansible reads these words."""
    run("nginx-rtmp")
    before = len(on.ran)
    for options in ((), ("--dry-run",)):
        done = run("nginx-rtmp", *options)
        assert (done.exit_code, done.stdout) == (0, "nginx-rtmp is installed: nothing was changed\n")
    assert len(on.ran) == before


def test_a_dry_run_only_shows(on: InstallMachine) -> None:
    """Its exit code is that of `diff`."""
    done = run("nginx-rtmp", "--dry-run")
    assert (done.exit_code, on.ran) == (CHANGES, [])
    assert "apt-get --quiet" in done.stdout


@pytest.mark.parametrize(
    "failure", [RestreamError("apt cannot fetch the packages:\nE: x", hint="h"), KeyboardInterrupt()]
)
def test_a_failure_leaves_the_web_server_unmasked(on: InstallMachine, failure: BaseException) -> None:
    """So that whoever installs it later finds it as Debian has it."""
    on.failure, on.update_said = failure, "E: The repository 'http://y' has no Release file"
    done = run("nginx-rtmp")
    assert (on.ran[0], on.ran[-1]) == (MASK, UNMASK)
    if isinstance(failure, RestreamError):
        assert (done.exit_code, done.stderr.splitlines()[-4:]) == (
            1,
            ["restream-agent: apt cannot fetch the packages:", "  E: x", f"  {on.update_said}", "  h"],
        )
    else:
        assert done.exit_code == 130


def srs_change(source: SrsSource) -> ServerChange:
    """Return the change for a machine without SRS."""
    return ServerChange("srs", "SRS is to be installed", source=source, target="/t")


def test_srs_comes_from_a_named_file(on: InstallMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, compared, tried, written; a web server that came along with our package is switched off."""
    on.facts, on.found = replace(THERE, has_idle_web_server=True), {"srs": "/usr/local/srs/objs/srs"}
    monkeypatch.setattr(srs_install, "srs_change", srs_change)
    monkeypatch.setattr(srs_install, "install_srs", lambda _: "6.0.157")
    monkeypatch.setattr(server_install, "is_old_one_running", lambda _: True)
    done = run("srs", "--from", "/srs.zip", "--sha256", SHA256)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-2:] == [
        "ready: SRS 6.0.157 at /usr/local/srs/objs/srs",
        "restream-ingest runs the one of before until it is restarted, which disconnects OBS",
    ]
    assert done.stderr.splitlines()[-1] == "… systemctl disable --now nginx.service"
    assert on.ran == [("systemctl", "disable", "--now", "nginx.service")]


@pytest.mark.parametrize("server", ["srs", "nginx-rtmp"])
def test_a_web_server_that_came_along_is_switched_off(on: InstallMachine, server: str) -> None:
    """Whichever server is used, and why is said."""
    on.facts, on.found = replace(THERE, has_idle_web_server=True), {server: "/there"}
    done = run(server)
    assert (done.exit_code, on.ran) == (0, [("systemctl", "disable", "--now", "nginx.service")])
    assert "on port 80 it shows Debian's page of welcome alone\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("srs",), 1, "SRS is not installed, and no distribution has a package of it"),
        (("srs", "--from", "/x"), 2, "--from and --sha256 belong together, and to srs"),
        (("srs", "--sha256", SHA256), 2, "--from and --sha256 belong together, and to srs"),
        (("nginx-rtmp", "--from", "/x", "--sha256", SHA256), 2, "--from and --sha256 belong together"),
        (("apache",), 2, "'apache' is not one of"),
    ],
)
def test_what_cannot_be_meant_is_told(
    on: InstallMachine, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """And nothing is done."""
    done = run(*arguments)
    assert (done.exit_code, on.ran) == (code, [])
    assert words in done.stderr


def test_it_takes_root_and_systemd(on: InstallMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which keeps Debian's web server from starting."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "installing a server takes root" in run("nginx-rtmp").stderr
    monkeypatch.setattr(systemctl, "is_running", lambda: False)
    assert "systemd is not running here" in run("nginx-rtmp").stderr
    assert on.ran == []
