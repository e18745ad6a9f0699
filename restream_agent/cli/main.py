"""The command line. The only module that prints and exits.

Results go to stdout, logs to stderr. Exit codes: 0 ok, 1 failed, 2 usage, 3 `diff` found changes,
78 bad configuration. What a command needs is imported in it: `restream-agent --help` is quick.
"""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from restream_agent import __version__
from restream_agent.base import journal
from restream_agent.base.errors import EXIT_CHANGES, RestreamError

P = ParamSpec("P")


def _explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn our errors into a message and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except RestreamError as error:
            click.echo(f"restream-agent: {error.message}", err=True)
            if error.hint:
                click.echo(f"  {error.hint}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(130)

    return wrapped


_root = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/"),
    help="Work on the files below DIR instead of /; systemd is then left alone.",
    metavar="DIR",
)
_config = click.option(
    "--config",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The TOML file; left out: /etc/restream-agent/restream.toml below --root.",
    metavar="FILE",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="restream-agent")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what is done.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """One OBS upload to every platform, kept on air by systemd when OBS drops."""
    journal.to_stderr(verbose=verbose or context.invoked_subcommand in ("run", "apply", "notify"))


@main.command()
@_root
@_explained
def init(root: Path) -> None:
    """Write a first restream.toml, with comments, and the directory for keys."""
    from restream_agent.deploy import init

    for line in init.init(root):
        click.echo(line)


@main.command()
@_root
@_config
@_explained
def check(root: Path, given: Path | None) -> None:
    """Say everything that is wrong with the configuration."""
    from restream_agent.deploy import commands

    for warning in commands.check(root, given):
        click.echo(f"warning: {warning}", err=True)
    click.echo("ok")


@main.command()
@_root
@_config
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write the files below DIR.")
@_explained
def render(root: Path, given: Path | None, out: Path | None) -> None:
    """Print every file that the configuration asks for; secrets are left out."""
    from restream_agent.deploy import commands

    for line in commands.render(root, given, out):
        click.echo(line)


@main.command()
@_root
@_config
@_explained
def diff(root: Path, given: Path | None) -> None:
    """Show what apply would change; exit code 3 if anything."""
    from restream_agent.deploy import commands

    text = commands.diff(root, given)
    click.echo(text, nl=False)
    sys.exit(EXIT_CHANGES if text else 0)


@main.command()
@_root
@_config
@_explained
def apply(root: Path, given: Path | None) -> None:
    """Bring the machine to what the configuration says, or leave it as it was."""
    from restream_agent.deploy import commands

    for line in commands.apply(root, given, progress=_progress()):
        click.echo(line)


@main.command()
@_explained
def run() -> None:
    """Listen for hooks; restream-agent.service runs this."""
    from restream_agent.agent import service

    service.run()


@main.command(hidden=True)
@_explained
def notify() -> None:
    """Tell the webhook and the command what happened; restream-notify.service runs this."""
    from restream_agent.notifier import service

    service.run()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_explained
def status(as_json: bool) -> None:
    """Show whether the channel is on air, from where, and how each relay is doing."""
    from restream_agent.cli import status_view

    found = status_view.fetch()
    click.echo(json.dumps(found, indent=2) if as_json else status_view.table(found))


@main.command("on-air")
@_explained
def on_air() -> None:
    """Start a broadcast with the fallback, before OBS comes."""
    from restream_agent.cli import broadcast

    broadcast.on_air()


@main.command("off-air")
@_explained
def off_air() -> None:
    """End the broadcast now."""
    from restream_agent.cli import broadcast

    broadcast.off_air()


@main.group("fallback")
def fallback_group() -> None:
    """Prepare the video that is played while OBS is away; switch to it by hand."""


@fallback_group.command("prepare")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@_explained
def fallback_prepare(file: Path | None) -> None:
    """Prepare the fallback of the configuration, or another FILE to be used later."""
    from restream_agent.cli import broadcast

    click.echo(broadcast.prepare(file, progress=_progress()))


@fallback_group.command("match", hidden=True)
@_explained
def fallback_match() -> None:
    """Make the fallback look like what OBS sends; restream-fallback-prepare.service runs this."""
    from restream_agent.cli import broadcast

    click.echo(broadcast.match())


@fallback_group.command("on")
@_explained
def fallback_on() -> None:
    """Show the fallback though OBS is there, until `fallback off`."""
    from restream_agent.cli import broadcast

    broadcast.take_break(wanted=True)


@fallback_group.command("off")
@_explained
def fallback_off() -> None:
    """End the break: back to OBS at its next keyframe."""
    from restream_agent.cli import broadcast

    broadcast.take_break(wanted=False)


@main.group("secret")
def secret_group() -> None:
    """Keep keys: only root and the one relay that uses a key can read it."""


@secret_group.command("set")
@click.argument("name")
@click.option("--encrypt", is_flag=True, help="Have systemd-creds encrypt it: worthless off this machine.")
@_root
@_explained
def secret_set(name: str, encrypt: bool, root: Path) -> None:
    """Store a key under NAME, asked for without showing it, or read from stdin."""
    from restream_agent.deploy import credentials

    if sys.stdin.isatty():
        secret = click.prompt(f"key for {name} (not shown)", hide_input=True, err=True).encode()
    else:
        secret = sys.stdin.buffer.read(credentials.LONGEST_INPUT)
    click.echo(f"stored {credentials.store(root, name, secret, encrypt=encrypt)}")
    click.echo("to have it used: restream-agent apply")


@secret_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_root
@_config
@_explained
def secret_list(as_json: bool, root: Path, given: Path | None) -> None:
    """Show every stored key's name, users, age and kind, and what is missing; never a key."""
    from restream_agent.config import file
    from restream_agent.deploy import credentials

    config, _ = file.read(file.config_path(root, given))
    found = credentials.listed(root, config)
    click.echo(credentials.as_json(found) if as_json else credentials.table(found))


@secret_group.command("remove")
@click.argument("name")
@click.option("--force", is_flag=True, help="Even if the configuration names it.")
@_root
@_config
@_explained
def secret_remove(name: str, force: bool, root: Path, given: Path | None) -> None:
    """Remove the key NAME."""
    from restream_agent.config import file
    from restream_agent.deploy import credentials

    used_by = () if force else credentials.users(file.read(file.config_path(root, given))[0], name)
    credentials.remove(root, name, used_by)
    click.echo(f"removed {name}")


def _progress() -> Callable[[float, float | None], None] | None:
    """Return a reporter for a terminal: a bar with the time left; plain lines elsewhere."""
    shown: dict[str, Any] = {"tenth": -1}

    def show(fraction: float, left: float | None) -> None:
        text = f"preparing the fallback video: {fraction:4.0%}"
        if sys.stderr.isatty():
            bar = "#" * round(fraction * 30)
            remaining = "" if left is None else f" {left:.0f} s left"
            end = "\n" if fraction >= 1 else ""
            click.echo(f"\r{text} [{bar:<30}]{remaining:<14}", nl=False, err=True)
            click.echo(end, nl=False, err=True)
        elif int(fraction * 10) != shown["tenth"]:
            shown["tenth"] = int(fraction * 10)
            click.echo(text, err=True)

    return show


if __name__ == "__main__":
    main()
