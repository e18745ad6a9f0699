"""Waits in the terminal of `apply --confirm` until somebody decides, or until the time is over.

The decision is a file (deploy/unconfirmed.py), and systemd keeps the time. So nothing here has to go on: a
terminal that is closed or a process that is killed confirms nothing.
"""

import select
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from restream_agent.base import files, paths
from restream_agent.base.target import THIS_MACHINE
from restream_agent.systemd.time_spans import format_span

KEPT = "confirmed: the change stays"
_LOOK_EVERY = 0.5
"""Seconds between two looks at what another terminal has decided."""

_TAKING_BACK = 120.0
"""Seconds that a take-back takes at most, with all its restarts."""


def taken_back(source: str | Path) -> str:
    """Return what is said after a take-back."""
    done = "taken back: the machine is as it was before the change\n"
    if str(source) != paths.CONFIG:
        return f"{done}{source} still has it, and can be applied again"
    return (
        f"{done}{source} still has it: what runs is not what that file says. It is not applied again by "
        "itself; edit the file, or restream-agent apply"
    )


def not_again(source: str | Path) -> str:
    """Return why the edit that was taken back is not applied again."""
    return (
        f"not applied: {source} says what was taken back; edit the file, or give restream-agent apply by hand"
    )


def wait(within: float, source: Path) -> bool:
    """Ask for Enter until the change is decided; return whether it stays, or nobody was there to ask.

    Ctrl-C takes the change back at once.
    """
    span = format_span(within)
    if not sys.stdin.isatty():
        click.echo(f"to keep this, within {span}: restream-agent confirm")
        return True
    click.echo(f"Press Enter within {span} to keep this (or restream-agent confirm in another terminal).")
    try:
        with _typed_from_now_on():
            is_kept = _is_kept(within)
    except KeyboardInterrupt:
        return _take_back(source)
    return _confirm() if is_kept else _end(source)


def _is_kept(within: float) -> bool:
    """Whether Enter is pressed before the time is over, and before another terminal decides."""
    for left in _countdown(within):
        _show_left(left)
        if _is_enter_pressed():
            return True
        if not _is_undecided():
            return False
    return False


def _countdown(within: float) -> Iterator[float]:
    """Yield the seconds that are left, until there are none."""
    deadline = time.monotonic() + within
    while (left := deadline - time.monotonic()) > 0:
        yield left


def _show_left(left: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{left:.0f} s left ", nl=False, err=True)


def _is_enter_pressed() -> bool:
    """Whether a line is typed within a moment. The end of the input is no answer."""
    ready, _, _ = select.select([sys.stdin], [], [], _LOOK_EVERY)
    if not ready:
        return False
    if sys.stdin.readline():
        return True
    time.sleep(_LOOK_EVERY)
    return False


@contextmanager
def _typed_from_now_on() -> Iterator[None]:
    """Forget what was typed while the apply ran: nobody has seen its end then."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    try:
        yield
    finally:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)


def _is_undecided() -> bool:
    return files.locate(THIS_MACHINE.root, paths.UNCONFIRMED).exists()


def _confirm() -> bool:
    from restream_agent.deploy import commands

    commands.confirm()
    click.echo(KEPT)
    return True


def _take_back(source: Path) -> bool:
    from restream_agent.deploy import commands

    commands.take_back(only_if_due=False)
    click.echo(taken_back(source))
    return False


def _end(source: Path) -> bool:
    """Wait for the end of the take-back, or see what was decided elsewhere, and say it."""
    deadline = time.monotonic() + _TAKING_BACK
    while _is_undecided() and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
    if _is_undecided():
        click.echo("still taking back: journalctl -u restream-take-back", err=True)
        return False
    if files.locate(THIS_MACHINE.root, paths.TAKEN_BACK).exists():
        click.echo(taken_back(source))
        return False
    click.echo(KEPT)
    return True
