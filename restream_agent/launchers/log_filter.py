"""`python -m restream_agent.launchers.log_filter COMMAND…`: becomes a program whose log passes redact.py.

The ingest server and the relays write what they are told by others, keys among it. This process
splits: the parent becomes the program, so that systemd's main process is the program itself; the
child stays, reads what the program writes and passes it on. It imports little, as a relay waits for it.
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from restream_agent.launchers.redact import clean, parts

LONGEST_LINE = 64 * 1024
"""Bytes. What follows in a longer line is left out, as a secret could lie across the cut."""


def main(argv: list[str], stdin: int | None = None) -> NoReturn:
    """Run the program in our place; OSError if it cannot be started.

    `stdin` is a descriptor for its standard input, which is ours unless given. The program alone has it,
    so that the other end sees when it has ended.
    """
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(writing)
        if stdin is not None:
            os.close(stdin)
        _filter(reading)
    os.close(reading)
    if stdin is not None:
        os.dup2(stdin, 0)
    os.dup2(writing, 1)
    os.dup2(writing, 2)
    os.close(writing)
    os.execv(argv[0], argv)  # noqa: S606 - no shell is the point


def _filter(reading: int) -> NoReturn:
    """Pass lines on until the program and all that it started have ended."""
    # Their last words come after systemd's signal, which goes to the whole unit.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    secrets = _secrets()
    with os.fdopen(reading, "rb", buffering=0) as file:
        for line in lines(file):
            os.write(2, f"{clean(line, secrets)}\n".encode())
    os._exit(0)


def _secrets() -> tuple[str, ...]:
    """Return what the unit's own credential holds; an ingest server has none."""
    file = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / "key"
    return parts(file.read_text().strip()) if file.exists() else ()


def lines(file: BinaryIO) -> Iterator[str]:
    """Yield lines as they come, cut at LONGEST_LINE bytes, without their ends."""
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
    main(sys.argv[1:])
