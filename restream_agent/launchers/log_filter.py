"""`python -m restream_agent.launchers.log_filter COMMAND…`: becomes a program whose log passes redact.py.

The ingest server and the relays log what others send to them, keys included. This process forks: the parent
becomes the program, so that systemd's main process is the program itself; the child reads the program's
output and passes it on. This module imports little, because a relay waits for it, and its child stays.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import BinaryIO, NoReturn

from restream_agent.launchers.redact import clean, parts

_MEANS_NOTHING = ("Warning: using insecure memory!",)
"""libgcrypt, which Debian's ffmpeg uses, writes this at each start of a relay."""

LONGEST_LINE = 64 * 1024
"""Bytes. The rest of a longer line is left out, because a secret could lie across the cut."""


StopHandler = Callable[[int, int], None]
"""Called with systemd's signal and the program's process id when systemd stops the unit."""

LineTaker = Callable[[str], bool]
"""Called with each line; whether the line is taken, and belongs to no log."""

Teller = Callable[[str], Iterable[str]]
"""Called with a line of the program's; returns the lines for the journal, which hold no secrets."""

_STOPS = (signal.SIGTERM, signal.SIGINT)


def main(
    argv: list[str],
    stdin: int | None = None,
    tell: Teller | None = None,
    beside: tuple[str, ...] = (),
) -> NoReturn:
    """Run the program in our place; OSError if it cannot be started.

    `stdin` is a descriptor for its standard input; None leaves it ours. Only the program keeps the
    descriptor, so that the other end sees when the program has ended. The child passes each
    line on: what `tell` returns for it, or without `tell` the line without the secrets in it. With `beside`
    it becomes this command, which gets the program's process id as one more argument, reads the output as its
    standard input, and calls pass_on().
    """
    reading, writing = os.pipe()
    program = os.getpid()
    if os.fork() == 0:
        os.close(writing)
        if stdin is not None:
            os.close(stdin)
        if not beside:
            pass_on(reading, program, tell=tell)
        _become(reading, (*beside, str(program)))
    os.close(reading)
    if stdin is not None:
        os.dup2(stdin, 0)
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    os.close(writing)
    os.execv(argv[0], argv)  # noqa: S606 - no shell is the point


def _become(reading: int, command: tuple[str, ...]) -> NoReturn:
    """Become a command that reads from a descriptor. Signals wait until it can handle them."""
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        os.dup2(reading, 0)
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    finally:
        os._exit(1)


def pass_on(
    reading: int,
    program: int,
    on_stop: StopHandler | None = None,
    take: LineTaker | None = None,
    tell: Teller | None = None,
) -> NoReturn:
    """Pass lines on until the program and all its children have ended."""

    def note_signal(number: int, _frame: FrameType | None) -> None:
        if on_stop is not None:
            on_stop(number, program)

    # Their last lines come after systemd's signal, which the whole unit receives.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in _STOPS:
        signal.signal(number, note_signal)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    secrets = secrets_of_unit()
    tell = tell or (lambda line: (clean(line, secrets),))
    with os.fdopen(reading, "rb", buffering=0) as file:
        for line in filter(is_told, lines(file)):
            if take and take(line):
                continue
            for told in tell(line):
                os.write(2, f"{told}\n".encode())
    os._exit(0)


def is_told(line: str) -> bool:
    """Whether a line tells a reader something."""
    return line.strip() not in _MEANS_NOTHING


def secrets_of_unit() -> tuple[str, ...]:
    """Return the secrets in the unit's own credential; an ingest server has no such credential."""
    try:
        with open(f"{os.environ.get('CREDENTIALS_DIRECTORY', '/nonexistent')}/key") as file:  # noqa: PTH123
            return parts(file.read().strip())
    except FileNotFoundError:
        return ()


def lines(file: BinaryIO) -> Iterator[str]:
    """Yield lines as they arrive, cut at LONGEST_LINE bytes, without their line ends."""
    begun, is_cut = b"", False
    while data := file.read(LONGEST_LINE):
        *whole, begun = (begun + data).split(b"\n")
        for line in whole:
            if not is_cut:
                yield line[:LONGEST_LINE].decode("utf-8", "replace")
            is_cut = False
        if len(begun) > LONGEST_LINE:
            if not is_cut:
                yield begun[:LONGEST_LINE].decode("utf-8", "replace")
            begun, is_cut = b"", True
    if begun and not is_cut:
        yield begun.decode("utf-8", "replace")


if __name__ == "__main__":
    # The ingest server of an earlier version, until the next apply: its unit names this module.
    main(sys.argv[1:])
