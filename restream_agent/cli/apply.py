"""`restream-agent apply`, and what decides about an apply that waits: confirm and take-back."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from restream_agent.base import journal
from restream_agent.base.errors import EXIT_CHANGES, EXIT_FAILED
from restream_agent.base.target import TargetMachine
from restream_agent.cli.options import config_option, explained, instead_argument, root_option
from restream_agent.cli.problem_view import WARNING, show_problems
from restream_agent.cli.progress import shown_progress


class _Span(click.ParamType[float]):
    """A time span of systemd's notation, in seconds."""

    name = "TIME"
    shortest, longest = 5.0, 86400.0

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> float:
        """Return the seconds; a message for what is no span, or too short to answer in."""
        from restream_agent.systemd.time_spans import parse_span

        try:
            seconds = value if isinstance(value, float) else parse_span(str(value))
        except ValueError as error:
            self.fail(str(error), param, context)
        if not self.shortest <= seconds <= self.longest:
            self.fail("must be from 5s to 1d", param, context)
        return seconds


@click.command("apply")
@click.option("--dry-run", is_flag=True, help="Say what apply would do; exit with 3 for changes.")
@click.option(
    "--confirm", "within", type=_Span(), help="Take all back unless it is confirmed within TIME, as 60s."
)
@click.option("-v", "--verbose", is_flag=True, help="List every file and unit.")
@click.option("--edited", is_flag=True, hidden=True)
@root_option
@config_option
@instead_argument
@explained
def apply_command(
    *,
    root: Path,
    given: Path | None,
    instead: Path | None,
    dry_run: bool,
    within: float | None,
    verbose: bool,
    edited: bool,
) -> None:
    """Change the machine to match the configuration.

    With FILE, apply FILE in place of this machine's TOML, which stays as it is, with this machine's
    platforms.d.

    If anything fails, the machine is left as it was.
    """
    from restream_agent.cli import confirmation
    from restream_agent.config.file import config_path
    from restream_agent.deploy import awaited, commands
    from restream_agent.deploy.last_read import TomlReading

    target, source = TargetMachine(root), instead or config_path(root, given)
    if within is not None and (dry_run or not target.is_this_machine):
        raise click.UsageError("--confirm is for this machine, and for an apply that is not dry")
    commands.require_rights(target)
    if dry_run:
        _preview(commands.load(target, given, instead=instead), is_long=verbose)
    # Whatever comes of this apply: systemd would start it again and again while the file is there.
    was_awaited = awaited.forget(target)
    if edited and commands.is_taken_back(target, source):
        click.echo(confirmation.not_again(source))
        return
    reading = TomlReading.of(target, source)
    if reading.is_only_touched() and not was_awaited:
        reading.end()
        click.echo("the TOML was written again with the same content: nothing to do")
        return
    reading.begin()
    subject = commands.load(target, given, instead=instead)
    show_problems(subject.warnings, WARNING)
    with shown_progress() as progress:
        outcome = commands.apply(subject, progress=progress, within=within)
    reading.end()
    _say(commands.summary(subject), outcome, is_dry=False, is_long=verbose)
    if within is not None and not outcome.plan.is_empty and not confirmation.wait(within, source):
        sys.exit(EXIT_FAILED)


def _preview(subject: Any, *, is_long: bool) -> NoReturn:
    """Say what apply would do, and exit."""
    from restream_agent.deploy import commands

    show_problems(subject.warnings, WARNING)
    outcome = commands.preview(subject)
    _say(commands.summary(subject), outcome, is_dry=True, is_long=is_long)
    sys.exit(0 if outcome.plan.is_empty else EXIT_CHANGES)


def _say(asked: str, outcome: Any, *, is_dry: bool, is_long: bool) -> None:
    from restream_agent.cli import apply_words

    # The log has each step when it is taken: nothing is said twice.
    has_steps = not is_dry and journal.logs_steps()
    if has_steps and not outcome.plan.is_empty:
        lines = apply_words.what_changes(outcome)
    else:
        lines = apply_words.words(outcome, asked, is_dry=is_dry, is_long=is_long and not has_steps)
    for line in lines:
        click.echo(line)


@click.command("confirm")
@explained
def confirm_command() -> None:
    """Keep what `apply --confirm` has done."""
    from restream_agent.cli import confirmation
    from restream_agent.deploy import commands

    commands.confirm()
    click.echo(confirmation.KEPT)


@click.command("take-back")
@click.option("--if-due", is_flag=True, hidden=True)
@explained
def take_back_command(*, if_due: bool) -> None:
    """Undo what `apply --confirm` has done, without waiting."""
    from restream_agent.cli import confirmation
    from restream_agent.deploy import commands

    source = commands.take_back(only_if_due=if_due)
    if source is not None:
        click.echo(confirmation.taken_back(source))
