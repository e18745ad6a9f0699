"""Shows what installing an ingest server changes, asks, and does it; for `init` and `install-server`."""

from typing import TYPE_CHECKING

import click

from restream_agent.cli.paint import Tone, paint, show

if TYPE_CHECKING:
    from restream_agent.deploy.server_change import ServerChange


def show_change(change: "ServerChange") -> None:
    """Show why, and what is done, in its order."""
    show(f"{paint(change.why, Tone.STRONG)}\n")
    for line in change.lines:
        show(f"  {line}")
    click.echo()


def is_agreed() -> bool:
    """Ask whether to do what was shown."""
    return click.confirm("do this?", default=True, err=True)


def install(change: "ServerChange") -> str:
    """Do it, each line told before it is done; return what is installed then."""
    from restream_agent.deploy import server_install

    return server_install.install(change, lambda line: click.echo(f"… {line}", err=True))
