"""The command line's edge: streams that are closed or lack letters, and an output that is full."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click


class AllCommands(click.Group):
    """The group of all commands; it ends in words where its output cannot be written."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command line, as click does."""
        _open_missing_streams()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # its locale may lack a letter, such as the dots of a mask
                stream.reconfigure(errors="replace")
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            # click ends quietly for a reader that has gone (`| head`).
            if error.filename is not None:  # a file, and no stream
                raise
            _drop_unwritten()
            with suppress(OSError):
                click.echo(f"restream-agent: the output cannot be written: {error.strerror}", err=True)
            sys.exit(1)


def _open_missing_streams() -> None:
    """Put /dev/null in the place of streams that are closed, whose numbers the next files would get."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _drop_unwritten() -> None:
    """Lead a full output to /dev/null: Python would write the rest at its end, and fail again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
