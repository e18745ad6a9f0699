"""`restream-agent remove`: shows what `apply` has left on the machine, asks, and takes it away."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli.options import explained, root_option
from restream_agent.cli.paint import Tone, paint, show

if TYPE_CHECKING:
    from restream_agent.deploy.traces import Traces


@click.command("remove")
@click.option("--purge", is_flag=True, help="Take TOML, keys and fallback videos away, too.")
@click.option("-y", "--yes", is_flag=True, help="Take it away without asking.")
@root_option
@explained
def remove_command(*, purge: bool, yes: bool, root: Path) -> None:
    """Take away all that apply has made; TOML and keys stay.

    A broadcast ends first. Everything is shown before anything is done, and on a terminal you are asked. The
    program itself stays: apt, pip or make local has installed it.
    """
    from restream_agent.deploy import remove

    target = TargetMachine(root)
    found = remove.look(target, purge=purge)
    if found.is_empty:
        click.echo("nothing that apply has made is here")
        _show_kept(found)
        return
    show("\n".join(_listed(found)))
    _show_kept(found)
    _require_consent(yes=yes)
    remove.remove(target, purge=purge)
    click.echo("removed")


def _listed(found: "Traces") -> list[str]:
    """Return a block for each kind of what goes, its name and number before its lines."""
    blocks = {
        "on air, ended first": found.on_air,
        "units that are stopped": tuple(unit for unit, state in found.units if state != "failed"),
        "files": found.files,
        "files and directories with all in them": found.directories,
        "users": found.users,
        "groups": found.groups,
    }
    lines = [paint("What goes", Tone.STRONG)]
    for title, names in blocks.items():
        if names:
            lines += ["", f"  {len(names)} {title}:", *(f"    {paint(name)}" for name in names)]
    return [*lines, ""]


def _show_kept(found: "Traces") -> None:
    if found.kept:
        # dpkg sets the variable for the scripts of a package, which run this for `apt purge` as well.
        takes = "apt purge" if "DPKG_MAINTSCRIPT_PACKAGE" in os.environ else "--purge"
        kept = " and ".join(found.kept)
        click.echo(f"TOML, keys and videos stay in {kept}; {takes} takes them, too")


def _require_consent(*, yes: bool) -> None:
    """Ask on a terminal; RestreamError for no, and where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise RestreamError(
            "nobody can be asked here; nothing was removed", hint="--yes removes it without asking"
        )
    try:
        agreed = click.confirm("take all of this away?", default=False, err=True)
    except click.Abort:
        click.echo(err=True)
        agreed = False
    if not agreed:
        raise RestreamError("nothing was removed")
