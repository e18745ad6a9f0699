"""What the commands of the command line share: options, and errors as messages and exit codes."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import THIS_MACHINE

P = ParamSpec("P")


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the errors that a command raises into a message on stderr and an exit code."""

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


root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=THIS_MACHINE.root,
    help="Work on the files below DIR instead of /, and leave systemd alone.",
    metavar="DIR",
)
config_option = click.option(
    "--config",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The TOML file; the default is /etc/restream-agent/restream.toml below --root.",
    metavar="FILE",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
