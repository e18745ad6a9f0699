"""`restream-agent platform test`: ten seconds of the slate reach a platform, and what came back is said."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.demo.install import PROGRAM, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.platform import PlatformServer
from tests.lab.received import received
from tests.lab.scene import FALLBACK
from tests.lab.taps import Connection
from tests.lab.terminal import Terminal

pytestmark = pytest.mark.media

SECRET = "live_pLaNtEd_0815"
TRIAL = (PROGRAM, "platform", "test", "alpha")
# Arguments and environment of every process: every user of the machine can read the former.
PROCESSES = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"


@dataclass
class Tested:
    """A container with the product, and its one platform."""

    container: Container
    platform: PlatformServer

    def run(self, *argv: str, code: int) -> str:
        """Run a command to its end, and return both outputs, in which neither a key nor a traceback is."""
        done = self.container.run(argv, timeout=60, check=False)
        output = done.stdout + done.stderr
        assert code == done.returncode, output
        assert SECRET not in output
        assert "Traceback" not in output
        return output

    def begin(self) -> "subprocess.Popen[bytes]":
        """Start a test, and wait until its media reaches the platform."""
        before = len(self.connections())
        process = self.container.popen((*TRIAL, "--yes"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.container.wait_until(lambda: len(self.connections()) > before, 20, "the slate to come")
        return process

    def connections(self) -> list[Connection]:
        """Return the connections with media that the platform has had."""
        self.platform.reader.update()
        return self.platform.reader.published()

    def store(self, key: str) -> None:
        """Store another key, as the platform's owner does."""
        self.container.run((PROGRAM, "secret", "set", "alpha"), input=f"{key}\n")


def transient_units(container: Container) -> list[str]:
    """Return the units of systemd-run that exist, failed ones included."""
    argv = (
        "systemctl",
        "list-units",
        "--all",
        "--plain",
        "--no-legend",
        "run-*.service",
        "restream-platform-test*",
    )
    return container.run(argv).stdout.splitlines()


@pytest.fixture(scope="module")
def tested() -> Iterator[Tested]:
    """Boot, install and apply; nothing is on air. A test passes no ingest server, so one server is enough."""
    with Container() as container:
        platform = PlatformServer(container, "alpha", key=SECRET, port=21000)
        platform.start()
        install(container, "nginx-rtmp", (platform,), Screen())
        yield Tested(container, platform)
        assert SECRET not in container.journal()


def output_of(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Wait for the end of a command, and return its exit code and output."""
    shown, _ = process.communicate(timeout=120)
    return process.returncode, shown.decode()


def test_the_platform_gets_ten_seconds_of_the_slate(tested: Tested, tmp_path: Path) -> None:
    """On one connection; meanwhile no process shows the key, and afterwards nothing is left."""
    process = tested.begin()
    processes = tested.container.run(("sh", "-c", PROCESSES)).stdout
    assert tested.platform.url in processes
    assert SECRET not in processes
    code, said = output_of(process)
    assert code == 0, said
    assert "sending the slate to alpha …\nalpha took 10 s of the slate, " in said
    assert said.endswith("whether it was shown, only the platform's own dashboard tells\n")
    (connection,) = tested.connections()
    shown = received(connection, tmp_path)
    assert ({picture.source for picture in shown.shown}, shown.errors) == ({FALLBACK}, ())
    assert 9_000 < shown.shown[-1].pts - shown.shown[0].pts < 10_500
    assert connection.closed is not None
    assert transient_units(tested.container) == []


def test_a_platform_that_ends_the_connection_is_told(tested: Tested) -> None:
    """With the time after which it did so, and what to look at."""
    process = tested.begin()
    tested.container.run(("sleep", "2"))
    tested.platform.behave("close")
    code, said = output_of(process)
    tested.platform.behave("pass")
    assert (code, "alpha: it has ended the connection after " in said) == (1, True), said
    assert said.endswith("  the key is probably wrong or expired: restream-agent secret set alpha\n")
    assert transient_units(tested.container) == []


def test_ctrl_c_ends_the_test(tested: Tested) -> None:
    """And nothing is sent any more. Meanwhile a second test says that it has to wait."""
    before = len(tested.connections())
    with closing(Terminal(tested.container)) as terminal:
        terminal.type("clear; restream-agent platform test alpha --yes")
        tested.container.wait_until(lambda: len(tested.connections()) > before, 20, "the slate to come")
        said = tested.run(*TRIAL, "--yes", code=1)
        assert "alpha: " not in said
        assert "the slate could not be sent: " in said
        assert said.endswith("  if another test is running, wait for its end\n")
        terminal.press("C-c")
        terminal.type("echo end=$?")
        terminal.wait_shown("\nend=130")
    assert transient_units(tested.container) == []
    tested.container.wait_until(lambda: tested.connections()[-1].closed, 5, "the connection to end")
    media = tested.connections()[-1].messages
    assert media[-1].timestamp - media[0].timestamp < 9_000


def test_a_wrong_key_is_told(tested: Tested) -> None:
    """This platform closes the connection, as most do."""
    tested.store("another-key")
    said = tested.run(*TRIAL, "--yes", code=1)
    tested.store(SECRET)
    assert "alpha: it has ended the connection before anything was sent\n" in said
    assert said.endswith("  the key is probably wrong or expired: restream-agent secret set alpha\n")


def test_a_platform_that_quotes_the_key_is_not_quoted(tested: Tested) -> None:
    """Its own words are shown, without the key."""
    tested.platform.behave("refuse")
    said = tested.run(*TRIAL, "--yes", code=1)
    tested.platform.behave("pass")
    assert "alpha: it refuses the stream\n" in said
    assert "Server error: … is no key\n" in said
    assert "restream-agent secret set alpha" in said


def test_a_platform_that_is_not_there_is_told(tested: Tested) -> None:
    """A disabled platform can be tested before it goes on air."""
    url = "rtmp://127.0.0.1:9/app"
    options = ("--url", url, "--credential", "alpha", "--disabled", "--apply")
    tested.run(PROGRAM, "platform", "add", "dead", *options, code=0)
    said = tested.run(PROGRAM, "platform", "test", "dead", "--yes", code=1)
    tested.run(PROGRAM, "platform", "remove", "dead", "--apply", code=0)
    assert "dead: there is no connection to it\n" in said
    assert "Connection refused" in said


def test_nobody_is_sent_anything_without_an_agreement(tested: Tested) -> None:
    """A script has to say --yes, a person is asked, and a user without rights is told so."""
    before = len(tested.platform.reader.update())
    assert "a person has to agree: send the slate for 10 s? " in tested.run(*TRIAL, code=1)
    with closing(Terminal(tested.container)) as terminal:
        terminal.type("clear; restream-agent platform test alpha")
        terminal.wait_for("The channel may go live there, and tell its followers [y/N]:")
        terminal.press("Enter")
        terminal.wait_shown("restream-agent: nothing was sent")
    done = tested.container.run((*TRIAL, "--yes"), user="nobody", check=False)
    assert (done.returncode, "has to be root" in done.stderr) == (1, True)
    assert len(tested.platform.reader.update()) == before


def test_a_broadcast_is_not_disturbed(tested: Tested) -> None:
    """A second connection would end the first on most platforms."""
    before = len(tested.connections())
    tested.container.run((PROGRAM, "on-air"), timeout=60)
    tested.container.wait_until(lambda: len(tested.connections()) > before, 20, "the broadcast")
    said = tested.run(*TRIAL, "--yes", code=1)
    assert "alpha is on air: a second connection would end that of the broadcast" in said
    assert len(tested.connections()) == before + 1
    tested.container.run((PROGRAM, "off-air"), timeout=60)
