"""The command `from-git`: has a commit applied that was fetched; a unit of examples/gitops gives it."""

import sys
from pathlib import Path

import click

from restream_agent.base.errors import EXIT_FAILED
from restream_agent.base.target import THIS_MACHINE
from restream_agent.cli.options import explained


@click.command("from-git")
@click.argument("bundle", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--repository",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The bare repository of root's that takes the commits; it is made if it is missing.",
    metavar="DIR",
)
@click.option("--directory", default="", help="Where the commit has restream.toml, if not at its top.")
@click.option(
    "--allowed-signers",
    "signers",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Take only commits that somebody in FILE has signed; see ssh-keygen(1).",
    metavar="FILE",
)
@explained
def from_git_command(*, bundle: Path, repository: Path, directory: str, signers: Path | None) -> None:
    """Apply the newest commit of a Git repository, from a BUNDLE.

    examples/gitops has the units that fetch a repository and give this command. BUNDLE is made by
    git-bundle(1) and has the branch `incoming`. `restream-agent status` shows what became of the commit. The
    exit code is 1 for a commit that is not taken: the TOML and the broadcast stay as they are.
    """
    from restream_agent.deploy import commands, from_git
    from restream_agent.deploy.git_repository import GitRepository
    from restream_agent.systemd.systemctl import Systemd

    commands.require_rights(THIS_MACHINE, "from-git")
    source = from_git.GitSource(bundle, directory, signers)
    record = from_git.take(GitRepository(repository), source, THIS_MACHINE, Systemd())
    words = f": {record.words}" if record.words else ""
    is_taken = record.result == "applied"
    click.echo(f"commit {record.commit[:12]} {record.result}{words}", err=not is_taken)
    sys.exit(0 if is_taken else EXIT_FAILED)
