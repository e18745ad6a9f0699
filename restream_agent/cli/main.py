"""The command line: reads the arguments, calls the rooms below, prints what they return.

Results go to stdout; warnings, errors, progress and logs go to stderr. Exit codes: 0 success, 1 failure,
2 wrong usage, 3 `diff` or `apply --dry-run` has found changes, 78 bad configuration. Each command imports
what it needs when it runs, so that `restream-agent --help` is quick.
"""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restream_agent.base import journal, package_files
from restream_agent.base.errors import EXIT_CHANGES
from restream_agent.base.target import TargetMachine
from restream_agent.cli.apply import apply_command, confirm_command, take_back_command
from restream_agent.cli.check import check_command
from restream_agent.cli.doctor import doctor
from restream_agent.cli.explain import explain_command, schema_command
from restream_agent.cli.from_git import from_git_command
from restream_agent.cli.init import init_command
from restream_agent.cli.install_server import install_server_command
from restream_agent.cli.log import log
from restream_agent.cli.obs import obs_command
from restream_agent.cli.options import (
    all_option,
    channel_argument,
    channel_option,
    config_option,
    explained,
    instead_argument,
    root_option,
)
from restream_agent.cli.platform import platform_group
from restream_agent.cli.program import AllCommands
from restream_agent.cli.progress import shown_progress
from restream_agent.cli.remove import remove_command
from restream_agent.cli.restart import restart_command
from restream_agent.cli.secret import secret_group
from restream_agent.cli.status import status

if TYPE_CHECKING:
    from collections.abc import Iterable


def _show_version(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo(f"restream-agent, version {package_files.version()}")
        context.exit()


@click.group(cls=AllCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log every change of state to stderr.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """Send one OBS upload to every platform, with a fallback when OBS drops."""
    is_apply_unit = context.invoked_subcommand in ("apply", "take-back") and journal.is_reader()
    journal.to_stderr(verbose=verbose or is_apply_unit or context.invoked_subcommand in ("run", "notify"))


main.add_command(doctor)
main.add_command(from_git_command)
main.add_command(init_command)
main.add_command(install_server_command)
main.add_command(log)
main.add_command(obs_command)
main.add_command(platform_group)
main.add_command(remove_command)
main.add_command(restart_command)
main.add_command(secret_group)
main.add_command(status)
main.add_command(check_command)
main.add_command(explain_command)
main.add_command(schema_command)
main.add_command(apply_command)
main.add_command(confirm_command)
main.add_command(take_back_command)


@main.command()
@root_option
@config_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files below DIR.",
    metavar="DIR",
)
@explained
def render(root: Path, given: Path | None, out: Path | None) -> None:
    """Print every file that apply installs, without secrets.

    With --out the files are written, with secrets, and their names are printed.
    """
    from restream_agent.deploy import commands

    tree = commands.render(commands.load(TargetMachine(root), given))
    if out is None:
        for path, entry in tree.items():
            click.echo(commands.show(path, entry))
    else:
        for place in commands.write(tree, out):
            click.echo(place)


@main.command()
@root_option
@config_option
@instead_argument
@explained
def diff(root: Path, given: Path | None, instead: Path | None) -> None:
    """Show what apply would change; exit with 3 for changes.

    With FILE, show what it would change once FILE is this machine's TOML.
    """
    from restream_agent.deploy import commands

    text = commands.diff(commands.load(TargetMachine(root), given, instead=instead))
    click.echo(text, nl=False)
    sys.exit(EXIT_CHANGES if text else 0)


@main.command()
@explained
def run() -> None:
    """Run the agent; restream-agent.service does that."""
    from restream_agent.agent import service

    service.run()


@main.command(hidden=True)
@explained
def notify() -> None:
    """Run the notifier; restream-notify.service does that."""
    from restream_agent.notifier import service

    service.run()


@main.command("on-air")
@channel_argument
@all_option
@explained
def on_air(channel: str | None, every: bool) -> None:
    """Start a broadcast with the fallback, before OBS comes."""
    from restream_agent.cli import broadcast, chosen

    asked = chosen.channels(channel, every=every)
    if every:  # a channel without platforms has nothing to go on air with
        asked = tuple(filter(chosen.has_platforms, asked)) or asked
    _show(chosen.for_each(asked, broadcast.on_air))


@main.command("off-air")
@channel_argument
@all_option
@explained
def off_air(channel: str | None, every: bool) -> None:
    """End the broadcast now."""
    from restream_agent.cli import broadcast, chosen

    _show(chosen.for_each(chosen.channels(channel, every=every), broadcast.off_air))


@main.group("fallback")
def fallback_group() -> None:
    """Prepare the fallback video, or switch to it by hand."""


@fallback_group.command("prepare")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@channel_option
@all_option
@explained
def fallback_prepare(file: Path | None, channel: str | None, every: bool) -> None:
    """Prepare the configured video, or FILE for later use."""
    from restream_agent.cli import broadcast, chosen

    asked, messages = chosen.channels(channel, every=every), list[str]()
    try:
        with shown_progress() as progress:
            messages += chosen.for_each(asked, partial(broadcast.prepare, file=file, progress=progress))
    finally:
        _show(messages)


@fallback_group.command("match", hidden=True)
@channel_option
@explained
def fallback_match(channel: str | None) -> None:
    """Match the fallback to OBS, for restream-fallback-prepare.service."""
    from restream_agent.cli import broadcast
    from restream_agent.systemd.channels import MAIN, Channel

    click.echo(broadcast.match(Channel(channel or MAIN)))


@fallback_group.command("convert", hidden=True)
@click.argument("instance")
@explained
def fallback_convert(instance: str) -> None:
    """Convert a fallback video, for restream-fallback-convert@.service."""
    from restream_agent.cli import broadcast

    broadcast.convert(instance)


@fallback_group.command("on")
@channel_argument
@all_option
@explained
def fallback_on(channel: str | None, every: bool) -> None:
    """Play the fallback, even while OBS sends, until `off`."""
    from restream_agent.cli import broadcast, chosen

    asked = broadcast.require_broadcasts(chosen.channels(channel, every=every))
    _show(chosen.for_each(asked, broadcast.begin_break))


@fallback_group.command("off")
@channel_argument
@all_option
@explained
def fallback_off(channel: str | None, every: bool) -> None:
    """Go back to OBS, at its next keyframe."""
    from restream_agent.cli import broadcast, chosen

    asked = broadcast.require_broadcasts(chosen.channels(channel, every=every))
    _show(chosen.for_each(asked, broadcast.end_break))


def _show(messages: "Iterable[str]") -> None:
    for message in messages:
        click.echo(message)


if __name__ == "__main__":
    main()
