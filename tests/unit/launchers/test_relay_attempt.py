"""One attempt of a relay as a process: what it tells systemd, what it leaves, what it becomes."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from restream_agent.launchers.relay_stop import GRACE
from restream_agent.wire.attempts import GIVEN_UP, AttemptStatus
from tests.lab.deadline import wait_until
from tests.unit.launchers.refusing_platform import ELSEWHERE, REDIRECT, command, platform

KEY = "secret-key"
FIRST = "STATUS=attempt=1 failures=0 pause=0.0s: first attempt"


@dataclass
class RelayUnit:
    """What systemd gives an attempt: directories and a socket to speak to."""

    directory: Path

    def __post_init__(self) -> None:
        self.runtime = self.directory / "runtime"
        credentials = self.directory / "credentials"
        for one in (self.runtime, credentials):
            one.mkdir()
        (credentials / "key").write_text(f"{KEY}\n")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.directory / "notify"))
        self.notify.settimeout(10)
        self.program = socket.socket(socket.AF_UNIX)
        self.program.bind(str(self.directory / "program"))
        self.program.listen()
        self.program.settimeout(10)
        self.environment = {
            **os.environ,
            "RUNTIME_DIRECTORY": str(self.runtime),
            "CREDENTIALS_DIRECTORY": str(credentials),
            "NOTIFY_SOCKET": str(self.directory / "notify"),
            "RELAY_STALL_US": "20000000",
            "RELAY_GIVE_UP": "never",
            "RELAY_INPUT": str(self.directory / "program"),
        }

    def start(self, *command: str, give_up: str = "never") -> subprocess.Popen[str]:
        argv, pipe = (
            (sys.executable, "-S", "-m", "restream_agent.launchers.relay_attempt", *command),
            subprocess.PIPE,
        )
        environment = self.environment | {"RELAY_GIVE_UP": give_up}
        return subprocess.Popen(argv, env=environment, stdout=pipe, stderr=pipe, text=True)

    def failed(self, failures: int, *, since: float, started: float) -> None:
        """Leave what an earlier attempt leaves."""
        tally = {"failures": failures, "since": since, "started": started}
        (self.runtime / "attempts.json").write_text(json.dumps(tally))

    def hear(self) -> str:
        return self.notify.recv(4096).decode()


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[RelayUnit]:
    unit = RelayUnit(tmp_path)
    yield unit
    unit.notify.close()
    unit.program.close()


def test_the_first_attempt_begins_at_once_and_becomes_the_program(unit: RelayUnit) -> None:
    """Its process id is the program's, which finds the key in a file of its own."""
    child = unit.start("/bin/sh", "-c", 'echo $$; cat "$RUNTIME_DIRECTORY/key.ffpreset"')
    assert [unit.hear(), unit.hear()] == [FIRST, "READY=1"]
    _, errors = child.communicate(timeout=30)
    # The program's output goes through the filter, which takes the key out.
    assert errors.splitlines()[0] == str(child.pid)
    assert KEY not in errors
    preset = unit.runtime / "key.ffpreset"
    assert preset.read_text() == f"rtmp_playpath={KEY}\n"
    assert preset.stat().st_mode & 0o777 == 0o600


def test_the_program_is_what_it_reads(unit: RelayUnit) -> None:
    """On its standard input; the program sees the end though the log's filter still waits for something."""
    with unit.start("/bin/sh", "-c", "sleep 60 </dev/null & echo $!; head -c 5") as child:
        connection, _ = unit.program.accept()
        connection.sendall(b"media")
        is_over, _, _ = select.select([connection], [], [], 10)
        connection.close()
        assert child.stderr is not None
        os.kill(int(child.stderr.readline()), signal.SIGKILL)
        assert child.stderr.read() == "media\n"
    assert is_over


def test_a_program_that_is_not_there_is_a_failure(unit: RelayUnit) -> None:
    """One line in the journal, and no READY=1."""
    unit.program.close()
    child = unit.start("/bin/true")
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 1
    assert errors == f"<3>the program at {unit.directory}/program cannot be reached: Connection refused\n"
    assert unit.hear() == FIRST


def test_after_failures_it_waits_and_says_so(unit: RelayUnit) -> None:
    """READY=1 comes after the pause; until then the unit is activating."""
    now = time.monotonic()
    unit.failed(1, since=now, started=now)
    with unit.start("/bin/true") as child:
        assert unit.hear().startswith("STATUS=attempt=3 failures=2 pause=")
        assert child.poll() is None
        assert unit.hear() == "READY=1"
    assert json.loads((unit.runtime / "attempts.json").read_text())["failures"] == 2


def test_when_it_has_failed_for_too_long_it_gives_up(unit: RelayUnit) -> None:
    """With the exit status that its unit takes for the end, and a word in the journal."""
    unit.failed(5, since=time.monotonic() - 61, started=time.monotonic())
    child = unit.start("/bin/true", give_up="60")
    _, errors = child.communicate(timeout=30)
    assert (child.returncode, errors) == (GIVEN_UP, "<3>giving up: 6 attempts in 1 min have failed\n")


def test_a_platform_that_refuses_the_connection_is_asked_where_it_redirects_to(unit: RelayUnit) -> None:
    """By the attempt after the one whose ffmpeg logged that; the address is in the unit's status."""
    words = "[rtmp @ 0x1] Unknown connect error (unsupported authentication method?)"
    with platform(command("_error", 1.0, None, REDIRECT), []) as url:
        argv = ("/bin/sh", "-c", f"echo '{words}'", "-rtmp_app", "app", url)
        unit.start(*argv).communicate(timeout=30)
        assert [unit.hear(), unit.hear()] == [FIRST, "READY=1"]
        _, log = unit.start(*argv).communicate(timeout=30)
    assert AttemptStatus.read(unit.hear().removeprefix("STATUS=")).redirect == ""
    assert AttemptStatus.read(unit.hear().removeprefix("STATUS=")).redirect == ELSEWHERE
    assert f"<4>the platform redirects to {ELSEWHERE}: set that as its url" in log


def test_the_attempt_after_says_why_one_has_failed(unit: RelayUnit) -> None:
    """In the journal and in the unit's status; the attempt after that one has forgotten it."""
    words = "[tcp @ 0x1] Connection to tcp://h:1935 failed: Connection refused"
    unit.start("/bin/sh", "-c", f"echo '{words}'; echo 'rtmp://h/app: Input/output error'").communicate(
        timeout=30
    )
    assert [unit.hear(), unit.hear()] == [FIRST, "READY=1"]
    _, log = unit.start("/bin/true").communicate(timeout=30)
    assert AttemptStatus.read(unit.hear().removeprefix("STATUS=")).cause == "closed-port"
    assert log.rstrip().endswith(": the host accepts no connection on this port")
    assert unit.hear() == "READY=1"
    unit.start("/bin/true").communicate(timeout=30)
    assert AttemptStatus.read(unit.hear().removeprefix("STATUS=")).cause == ""


def test_a_first_attempt_has_no_cause(unit: RelayUnit) -> None:
    """After a start by hand, or a run that was long enough: what ended before it is no failure."""
    (unit.runtime / "cause").write_text("ended")
    with unit.start("/bin/true"):
        assert unit.hear() == FIRST
    assert not (unit.runtime / "cause").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}', '"text"', '{"since": "x"}'])
def test_a_tally_that_cannot_be_read_is_none(unit: RelayUnit, content: str) -> None:
    """A file that was cut off by a crash does not keep a relay down."""
    (unit.runtime / "attempts.json").write_text(content)
    with unit.start("/bin/true"):
        assert unit.hear() == FIRST


@pytest.mark.parametrize(("number", "is_kept"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_a_signal_during_the_pause_ends_it_at_once(
    unit: RelayUnit, number: signal.Signals, is_kept: bool
) -> None:
    """SIGINT is systemd's signal for a restart by hand, after which the next attempt has no pause."""
    now = time.monotonic()
    unit.failed(20, since=now - 3600, started=now)  # a pause of 15 s at least
    with unit.start("/bin/true") as child:
        unit.hear()
        child.send_signal(number)
        wait_until(lambda: child.poll() is not None, 12, "the end of the pause")
    assert child.returncode == -number
    assert (unit.runtime / "attempts.json").exists() is is_kept


DEAF = """
import signal
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""


@pytest.mark.parametrize(("number", "is_kept"), [(signal.SIGTERM, True), (signal.SIGINT, False)])
def test_a_program_that_does_not_end_is_killed_by_the_process_beside_it(
    unit: RelayUnit, number: signal.Signals, is_kept: bool
) -> None:
    """As an ffmpeg that waits for the network; the unit's own time limit is longer and would be a failure."""
    child = unit.start(sys.executable, "-c", DEAF)
    assert child.stderr is not None
    assert child.stderr.readline() == "ready\n"
    beside = int(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text())
    began = time.monotonic()
    for pid in (child.pid, beside):
        os.kill(pid, number)
    child.communicate(timeout=30)
    assert child.returncode == -signal.SIGKILL
    assert time.monotonic() - began >= GRACE
    assert (unit.runtime / "attempts.json").exists() is is_kept
