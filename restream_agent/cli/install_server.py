"""`restream-agent install-server`: brings an ingest server onto this machine, or says that it is there."""

import sys
from typing import TYPE_CHECKING, cast

import click

from restream_agent.base.errors import EXIT_CHANGES, RestreamError
from restream_agent.cli import server_view
from restream_agent.cli.options import SERVERS, explained

if TYPE_CHECKING:
    from restream_agent.config.ingest import IngestServer


@click.command("install-server")
@click.argument("server", type=click.Choice(SERVERS))
@click.option(
    "--from", "place", help="SRS: an archive or the executable, a path or https URL.", metavar="PLACE"
)
@click.option("--sha256", help="The SHA-256 of that file.", metavar="HEX")
@click.option("--dry-run", is_flag=True, help="Only show it; exit with 3 if there is something to do.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@explained
def install_server_command(
    *, server: str, place: str | None, sha256: str | None, dry_run: bool, yes: bool
) -> None:
    """Install the ingest server, if it is not there.

    nginx-rtmp comes from Debian, SRS from the archive that you name. Everything is shown before it is done;
    on a terminal you are asked. Done again it changes nothing, and says "nothing was changed".
    """
    from restream_agent.deploy import server_install
    from restream_agent.deploy.srs_source import parse_source

    if (place is None) != (sha256 is None) or (place is not None and server != "srs"):
        raise click.UsageError("--from and --sha256 belong together, and to srs")
    source = parse_source(place, sha256) if place is not None and sha256 is not None else None
    server_install.require_root()
    change = server_install.change(cast("IngestServer", server), source)
    if not change.is_needed:
        click.echo(f"{server} is installed: nothing was changed")
        return
    server_view.show_change(change)
    if dry_run:
        sys.exit(EXIT_CHANGES)
    if not yes and sys.stdin.isatty() and not server_view.is_agreed():
        raise RestreamError("nothing was changed")
    click.echo(f"ready: {server_view.install(change)}")
    if server_install.is_old_one_running(change):
        click.echo("restream-ingest runs the one of before until it is restarted, which disconnects OBS")
