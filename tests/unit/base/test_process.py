"""Running other programs: results, time limits, and the messages of failures."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest

from restream_agent.base.errors import CommandError
from restream_agent.base.process import run, run_to_end, stream
from tests.lab.deadline import wait_until

ENOUGH = 1.5  # seconds in which a shell writes a word, on a busy machine too


def test_run_returns_the_output() -> None:
    """Standard output and error come back as text."""
    done = run(("sh", "-c", "echo out; echo err >&2"), timeout=10)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_run_passes_input() -> None:
    """Bytes given as input reach the program."""
    assert run(("cat",), timeout=10, input=b"x\xff").stdout == "x\ufffd"


def test_program_without_input_sees_end_of_file() -> None:
    """A program that reads never waits for the terminal."""
    assert run(("cat",), timeout=10).stdout == ""


def test_accepted_status_is_no_error() -> None:
    """The caller interprets the statuses in `ok`."""
    assert run(("sh", "-c", "exit 3"), timeout=10, ok=(0, 3)).returncode == 3


def test_failure_says_status_and_reason() -> None:
    """The error carries the exit status and the output of the program."""
    with pytest.raises(CommandError, match="exit status 4") as caught:
        run(("sh", "-c", "echo no such thing >&2; exit 4"), timeout=10)
    assert caught.value.output == "no such thing"


def test_missing_program_names_its_package() -> None:
    """The hint says how to install the program."""
    with pytest.raises(CommandError, match="is not installed") as caught:
        run(("/nowhere/ffprobe",), timeout=10)
    assert caught.value.hint == "apt install ffmpeg"


def test_signal_is_named() -> None:
    """A program ended by a signal is reported by the signal's name."""
    with pytest.raises(CommandError, match="SIGTERM"):
        run(("sh", "-c", "kill -TERM $$"), timeout=10)


def test_slow_program_is_given_up() -> None:
    """The time limit holds."""
    with pytest.raises(CommandError, match=r"within 0\.2 s"):
        run(("sleep", "60"), timeout=0.2)


def test_children_of_a_slow_program_end_with_it() -> None:
    """The children of a shell are killed too."""
    with pytest.raises(CommandError, match="no answer") as failure:
        run(("sh", "-c", "sleep 60 & echo $! >&2; wait"), timeout=ENOUGH)
    wait_until(lambda: has_ended(failure.value.output), 10, "the end of its child")


def test_a_program_that_has_ended_in_time_is_not_slow() -> None:
    """A child that it left behind holds its output; that child is killed."""
    done = run(("sh", "-c", "sleep 60 & echo $!"), timeout=ENOUGH)
    wait_until(lambda: has_ended(done.stdout), 10, "the end of its child")


def test_a_daemon_that_holds_the_output_does_not_delay_run() -> None:
    """The daemon has left the process group and goes on; the output so far is returned."""
    done = run(("sh", "-c", "setsid sleep 60 & echo $!"), timeout=ENOUGH)
    os.kill(int(done.stdout), signal.SIGKILL)


def has_ended(pid: str) -> bool:
    """Whether a process is gone, or a zombie that waits for its parent."""
    try:
        return Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_stream_hands_on_lines_and_returns_errors() -> None:
    """Each line of stdout is passed on; stderr is returned."""
    lines: list[str] = []
    complaints = stream(("sh", "-c", "echo a; echo b; echo oh >&2"), stall=10, on_line=lines.append)
    assert (lines, complaints) == (["a", "b"], "oh\n")


def test_silent_program_is_killed(tmp_path: Path) -> None:
    """A program without output for `stall` seconds is killed, not left running."""
    with pytest.raises(CommandError, match="no answer"):
        stream(
            ("sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 60"), stall=ENOUGH, on_line=lambda _line: None
        )
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_talkative_program_may_take_longer_than_the_stall_limit() -> None:
    """The limit is for silence, not for the whole run."""
    began = time.monotonic()
    stream(
        ("sh", "-c", "for n in 1 2 3 4 5 6 7 8; do sleep 0.4; echo $n; done"), stall=3, on_line=lambda _: None
    )
    assert time.monotonic() - began > 3


def test_without_a_limit_a_program_may_be_silent() -> None:
    """What follows a log may wait for its next line for days."""
    lines: list[str] = []
    stream(("sh", "-c", "echo a; sleep 0.3; echo b"), stall=None, on_line=lines.append)
    assert lines == ["a", "b"]


def test_failed_stream_carries_its_complaints() -> None:
    """The error holds the output of the program before it failed."""
    with pytest.raises(CommandError) as caught:
        stream(("sh", "-c", "echo bad >&2; exit 1"), stall=10, on_line=lambda _line: None)
    assert caught.value.output == "bad"


def test_what_must_not_be_stopped_ends_before_ctrl_c_counts(tmp_path: Path) -> None:
    """The program neither gets the signal nor is killed; both of its outputs come back, in their order."""
    begun, go, end = tmp_path / "begun", tmp_path / "go", tmp_path / "end"
    script = f"touch {begun}; until [ -e {go} ]; do sleep 0.05; done; touch {end}"

    def interrupt() -> None:
        wait_until(begun.exists, 10, "the program to begin")
        os.kill(os.getpid(), signal.SIGINT)
        go.touch()

    thread = Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_to_end(("sh", "-c", script))
    thread.join()
    assert end.exists()


def test_ctrl_c_counts_after_the_end_also_while_the_program_is_being_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the program runs already and its number is not known here yet."""
    end = tmp_path / "end"
    start = subprocess.Popen

    def interrupted_start(*args: object, **kwargs: object) -> object:
        child = start(*args, **kwargs)  # type: ignore[call-overload]
        signal.raise_signal(signal.SIGINT)
        return child

    monkeypatch.setattr(subprocess, "Popen", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        run_to_end(("sh", "-c", f"sleep 0.3; touch {end}"))
    assert end.exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_runs_to_its_end_may_be_started_in_any_thread() -> None:
    """Only the main thread gets Ctrl-C, and only there it can be held back."""
    with ThreadPoolExecutor() as pool:
        assert pool.submit(run_to_end, ("echo", "out")).result().stdout == "out\n"


def test_what_ran_to_its_end_says_status_and_output() -> None:
    """A failure is for the caller to judge."""
    done = run_to_end(("sh", "-c", "echo out; echo err >&2; exit 3"))
    assert (done.returncode, done.stdout) == (3, "out\nerr\n")
    with pytest.raises(CommandError, match="is not installed"):
        run_to_end(("no-such-program",))
