"""What the commands of the command line share: options, and errors as messages and exit codes."""

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from restream_agent.base.errors import ConfigError, RestreamError
from restream_agent.base.one_line import printable
from restream_agent.base.target import THIS_MACHINE
from restream_agent.cli import completion
from restream_agent.cli.problem_view import ERROR, show_problems
from restream_agent.systemd.sd_notify import ServiceManager

SERVERS = ("srs", "nginx-rtmp")
"""The ingest servers, for a choice on the command line: config/ takes time to import."""

P = ParamSpec("P")


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the errors that a command raises into a message on stderr and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except RestreamError as error:
            _show(error)
            # `status` shows these words after an edit that could not be applied.
            with closing(ServiceManager()) as manager:
                manager.send(f"STATUS={_first_words(error)}")
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(130)

    return wrapped


def _show(error: RestreamError) -> None:
    """Write an error: each problem of the TOML, or our name and the message, and what belongs to it."""
    if isinstance(error, ConfigError):
        show_problems(error.problems, ERROR)
        if error.outcome:
            click.echo(f"restream-agent: {error.outcome}", err=True)
        return
    first, *others = error.message.splitlines() or [""]
    click.echo(f"restream-agent: {first}", err=True)
    for line in (*others, error.hint):
        if line:
            click.echo(f"  {line.lstrip()}", err=True)


def _first_words(error: RestreamError) -> str:
    """Return an error in one line: the first problem of a TOML with an excerpt, and the number of others."""
    if not isinstance(error, ConfigError):
        return printable(error.message.partition("\n")[0])
    first = next((problem for problem in error.problems if problem.excerpt), error.problems[0])
    words = printable(str(replace(first, source=Path(first.source).name)))
    others = len(error.problems) - 1
    return f"{words}, and {others} more" if others else words


root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=THIS_MACHINE.root,
    help="Work on the files below DIR; leave systemd alone.",
    metavar="DIR",
)
config_option = click.option(
    "--config",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The TOML, if not /etc/restream-agent/restream.toml.",
    metavar="FILE",
)


def _refuse_both(context: click.Context, _: click.Parameter, instead: Path | None) -> Path | None:
    if instead is not None and context.params.get("given") is not None:
        raise click.UsageError("give FILE or --config, not both")
    return instead


instead_argument = click.argument(
    "instead",
    required=False,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="[FILE]",
    callback=_refuse_both,
)
"""A file that is to take the place of the machine's TOML."""
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
channel_argument = click.argument("channel", required=False, shell_complete=completion.channels)
channel_option = click.option(
    "--channel",
    shell_complete=completion.channels,
    help="The channel, where there are several, if not main.",
    metavar="CHANNEL",
)
all_option = click.option("--all", "every", is_flag=True, help="Every channel.")
