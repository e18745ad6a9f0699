"""The one module that runs other programs: argv tuples, no shell, a time limit for all but a package manager.

A program that is missing, too slow, killed by a signal, or that fails becomes a CommandError; its hint
says what to do.
"""

import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import current_thread, main_thread
from typing import IO

from restream_agent.base.errors import CommandError, SlowCommandError

Finished = subprocess.CompletedProcess[str]
"""A program that has ended: its status, and what it wrote."""

_PACKAGES = {
    "busctl": "systemd",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    "fc-match": "fontconfig",
    "git": "git",
    "nginx": "nginx libnginx-mod-rtmp",
    "systemctl": "systemd",
    "systemd-creds": "systemd",
    "systemd-analyze": "systemd",
    "systemd-run": "systemd",
    "journalctl": "systemd",
}
_LARGEST_LINE = 64 * 1024
_REMAINING_OUTPUT_TIMEOUT = 1.0
"""Seconds. After a program was killed, its output is read for this long."""


def run(
    argv: tuple[str, ...],
    *,
    timeout: float,
    input: bytes | None = None,
    ok: tuple[int, ...] = (0,),
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, and return its exit status and its decoded output.

    `timeout` is in seconds. `input` is its standard input, which is empty otherwise. `ok` lists the
    exit statuses that count as success. `cwd` is its working directory. Raises CommandError for any
    other result, with what the program wrote to stderr.

    Processes that the program leaves behind are killed when the time is up, if they hold its output.
    """
    pipe = subprocess.PIPE
    try:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            stdin=subprocess.DEVNULL if input is None else pipe,
            stdout=pipe,
            stderr=pipe,
            process_group=0,
        )
    except OSError as error:
        raise _not_started(argv, error) from error
    with child:
        try:
            output, errors = child.communicate(input, timeout)
            is_late = False
        except subprocess.TimeoutExpired:
            # The program may have ended and left a process behind that holds its output.
            is_late = child.poll() is None
            _kill_group(child)
            output, errors = _remaining_output(child)
        except BaseException:
            _kill_group(child)
            raise
    if is_late:
        raise _too_slow(argv, timeout, errors)
    if child.returncode not in ok:
        raise _failed(argv, child.returncode, errors)
    return subprocess.CompletedProcess(argv, child.returncode, _text(output), _text(errors))


def _remaining_output(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Return the output of an ended child; a process that left its group may still hold the output open."""
    try:
        return child.communicate(timeout=_REMAINING_OUTPUT_TIMEOUT)
    except subprocess.TimeoutExpired as held:
        return held.output or b"", held.stderr or b""


def _kill_group(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def run_to_end(argv: tuple[str, ...]) -> Finished:
    """Run a program that nothing must stop in the middle, and return its status and all that it wrote.

    For a package manager: whatever it leaves half installed, somebody has to repair. Ctrl-C takes effect
    after its end. Raises CommandError if it cannot be started.
    """
    with tempfile.TemporaryFile() as output, interruption_held_back():
        try:
            # In a group of its own the terminal does not send it Ctrl-C.
            child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0
            )
        except OSError as error:
            raise _not_started(argv, error) from error
        child.wait()
        output.seek(0)
        return subprocess.CompletedProcess(argv, child.returncode, _text(output.read()), "")


@contextmanager
def interruption_held_back() -> Iterator[None]:
    """Have a Ctrl-C that comes in this context take effect at its end.

    A handler, since catching KeyboardInterrupt leaves gaps: one that comes while the program is being
    started would find nobody to catch it. Python gives signals to its main thread alone.
    """
    if current_thread() is not main_thread():
        yield
        return
    held: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if held:
            signal.raise_signal(signal.SIGINT)


def stream(
    argv: tuple[str, ...], *, stall: float | None, on_line: Callable[[str], None], cwd: Path | None = None
) -> str:
    """Run a program that reports its progress on stdout, and return what it wrote to stderr.

    `on_line` gets each line of stdout as it arrives. The program may run for any time, but is killed
    after `stall` seconds without output (never for None), and at any exception here, Ctrl-C included.
    Raises CommandError as `run` does.
    """
    # stderr goes to a file: a full pipe that is not read would stop the program.
    with tempfile.TemporaryFile() as errors:
        try:
            child = subprocess.Popen(
                argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            )
        except OSError as error:
            raise _not_started(argv, error) from error
        with child:
            try:
                in_time = _pass_lines(child, stall, on_line)
                status = child.wait(timeout=stall) if in_time else 0
            except subprocess.TimeoutExpired:
                in_time = False
            finally:
                child.kill()
        written = _tail(errors)
    if not in_time:
        raise _too_slow(argv, stall or 0.0, written)
    if status:
        raise _failed(argv, status, written)
    return _text(written)


def _pass_lines(child: subprocess.Popen[bytes], stall: float | None, on_line: Callable[[str], None]) -> bool:
    """Pass lines on; return True at the end of the output, False after `stall` seconds without output."""
    assert child.stdout is not None
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + (stall or 0.0)
        while selector.select(None if stall is None else max(0.0, deadline - time.monotonic())):
            data = child.stdout.read1(_LARGEST_LINE)  # type: ignore[attr-defined]
            if not data:
                return True
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                on_line(_text(line))
            deadline = time.monotonic() + (stall or 0.0)
    return False


def _tail(file: IO[bytes]) -> bytes:
    file.seek(max(0, file.seek(0, 2) - _LARGEST_LINE))
    return file.read()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _not_started(argv: tuple[str, ...], error: OSError) -> CommandError:
    if isinstance(error, FileNotFoundError):
        package = _PACKAGES.get(Path(argv[0]).name)
        hint = f"apt install {package}" if package else "install it, or put it on the PATH"
        return CommandError(argv, f"{argv[0]} is not installed", hint=hint)
    return CommandError(argv, f"cannot be started: {error.strerror}")


def _too_slow(argv: tuple[str, ...], seconds: float, errors: bytes) -> SlowCommandError:
    return SlowCommandError(argv, f"gave no answer within {seconds:g} s", output=_text(errors).strip())


def _failed(argv: tuple[str, ...], status: int, errors: bytes) -> CommandError:
    output = _text(errors).strip()
    if status < 0:
        return CommandError(argv, f"was ended by {_signal_name(-status)}", output=output)
    return CommandError(argv, f"failed with exit status {status}", output=output)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
