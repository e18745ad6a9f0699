"""From a change of the TOML that a command makes to the changed machine: shows it, asks, writes, applies."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli.options import channel_option, config_option, root_option
from restream_agent.cli.paint import show
from restream_agent.cli.problem_view import WARNING, show_problems
from restream_agent.systemd.channels import MAIN, Channel

if TYPE_CHECKING:
    from restream_agent.config.toml_lines import KeyPath
    from restream_agent.deploy.toml_change import TomlChange

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True)
class Consent:
    """What the command line says of writing and applying; `apply` is None if it says nothing."""

    apply: bool | None
    yes: bool

    @property
    def asks(self) -> bool:
        """Whether a person is asked before anything is written."""
        return not self.yes and sys.stdin.isatty()

    def applies(self, target: TargetMachine) -> bool:
        """Whether the change is applied: asked for, or offered on a terminal where apply can work."""
        from restream_agent.systemd import systemctl

        if self.apply is not None:
            return self.apply
        return self.yes or (self.asks and (not target.is_this_machine or systemctl.is_running()))


@dataclass(frozen=True)
class Editing:
    """What every command that edits the TOML is given: the machine, the file, the channel, what is agreed."""

    target: TargetMachine
    given: Path | None
    channel: Channel
    consent: Consent

    def path(self, platform: str) -> "KeyPath":
        """Return where the TOML has a platform."""
        from restream_agent.config.platform_edit import platform_path

        return platform_path(self.channel.name, platform)

    def propose(self, path: "KeyPath", change: Callable[[str], str]) -> "TomlChange":
        """Return a change of the file that has a platform; ConfigError if the result cannot be used."""
        from restream_agent.deploy import toml_change

        return toml_change.propose(self.target, self.given, path, change)


def edit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that edits the TOML, which gets them as `editing`."""

    @wraps(command)
    def wrapped(
        *,
        root: Path,
        given: Path | None,
        channel: str | None,
        applied: bool | None,
        yes: bool,
        **rest: object,
    ) -> None:
        consent = Consent(applied, yes)
        command(editing=Editing(TargetMachine(root), given, Channel(channel or MAIN), consent), **rest)

    apply = click.option(
        "--apply/--no-apply",
        "applied",
        default=None,
        help="Apply the change, or only write it.",
    )
    yes = click.option("-y", "--yes", is_flag=True, help="Write and apply without asking.")
    return channel_option(apply(yes(root_option(config_option(wrapped)))))


def carry_out(
    change: "TomlChange", consent: Consent, done: str, key: AbstractContextManager[None] | None = None
) -> None:
    """Check a change, show it, write it and apply it, as far as wanted; `done` says what was done.

    `key` stores the key that the change needs, and takes it back at an error. Raises RestreamError; unless it
    is an error of `apply`, file and key are then as they were. Once the file names the key, the key stays.
    """
    from restream_agent.deploy import commands, toml_change

    target = change.subject.target
    applies = consent.applies(target)
    if applies:
        commands.require_rights(target)
    question = "store this key" if change.is_empty else "write this"
    with key or nullcontext():
        _write(change, consent, f"{question} and apply it?" if applies else f"{question}?")
    if applies:  # which says what it has done
        left = "the key is stored" if change.is_empty else f"{change.place} is written"
        apply_now(change.given, target.root, left)
    else:
        click.echo(done)
        click.echo(next_step(change.given, target.root, is_watched=toml_change.is_watched(change)))


def _write(change: "TomlChange", consent: Consent, question: str) -> None:
    """Check a change, show it, ask, and write it; RestreamError if that fails, or for no."""
    from restream_agent.deploy import toml_change

    warnings = toml_change.check(change)
    if not change.is_empty:
        show(_coloured(change.diff()))
    show_problems(warnings, WARNING)
    if consent.asks and not click.confirm(question, default=True, err=True):
        raise RestreamError("nothing was changed")
    if not change.is_empty:
        toml_change.write(change)


def apply_now(given: Path | None, root: Path, left: str) -> None:
    """Run the command `apply`; if that fails, say in words what is `left`."""
    context = click.get_current_context()
    group = context.find_root().command
    assert isinstance(group, click.Group)
    command = group.get_command(context, "apply")
    assert command is not None
    try:
        context.invoke(command, root=root, given=given)
    except SystemExit as error:
        if error.code:
            click.echo(f"{left}; the machine is as it was", err=True)
        raise


def next_step(given: Path | None, root: Path, *, is_watched: bool) -> str:
    """Return how a change that is only written comes to be used."""
    from restream_agent.deploy import unconfirmed

    if is_watched and unconfirmed.exists(root):
        return "the agent applies it once the apply that waits to be confirmed is decided"
    if is_watched:
        return "the agent applies it within seconds: journalctl -u restream-apply"
    command = TargetMachine(root).command("apply")
    return f"to have it used: {command}" + ("" if given is None else f" --config {given}")


def _coloured(diff: str) -> str:
    """Return the lines of a diff in its colours."""
    lines = diff.removesuffix("\n").split("\n")
    return "\n".join(
        click.style(line, fg=_COLOURS[line[0]]) if line[:1] in _COLOURS else line for line in lines
    )


def read_key(name: str, *, is_stored: bool) -> bytes | None:
    """Ask for a key, hidden, or read it from standard input; None for nothing, which keeps a stored key."""
    from restream_agent.deploy.credentials import LONGEST_INPUT

    if not sys.stdin.isatty():
        key = sys.stdin.buffer.read(LONGEST_INPUT).strip()
    else:
        remark = "not shown; Enter keeps the stored key" if is_stored else "not shown"
        answer = click.prompt(
            f"key for {name} ({remark})",
            hide_input=True,
            err=True,
            default="" if is_stored else None,
            show_default=False,
        )
        key = str(answer).strip().encode()
    if not key and not is_stored:
        raise RestreamError(
            f"no key for {name} came on standard input",
            hint="pipe it in, or give --credential NAME of a key that is stored already",
        )
    return key or None
