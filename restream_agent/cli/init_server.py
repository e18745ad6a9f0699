"""The ingest server in `init`: which it is, and what `init` does so that it is installed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import click

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli import server_view
from restream_agent.cli.paint import columns
from restream_agent.deploy import machine
from restream_agent.deploy.server_change import ServerChange, SrsSource

if TYPE_CHECKING:
    from restream_agent.config.ingest import IngestServer

_HOW = {
    "nginx-rtmp": "Debian's packages nginx and libnginx-mod-rtmp; init can install them",
    "srs": "no package; init installs the archive or executable that you name (docs/install.md)",
}


@dataclass(frozen=True)
class Asked:
    """What the options say of the server: which, where SRS comes from, and whether to install it."""

    server: str | None = None
    source: SrsSource | None = None
    installs: bool = False


def asked(server: str | None, srs: str | None, sha256: str | None, *, installs: bool) -> Asked:
    """Return what the options say; RestreamError for options that contradict each other."""
    from restream_agent.deploy.srs_source import parse_source

    if srs is None:
        if sha256 is not None:
            raise RestreamError("--srs-sha256 is for --srs, which is missing")
        return Asked(server, None, installs)
    if server == "nginx-rtmp":
        raise RestreamError("--srs installs SRS, and --server names nginx-rtmp")
    if sha256 is None:
        raise RestreamError(
            "--srs-sha256 is missing: SRS is installed only from a file with a known checksum",
            hint="`sha256sum FILE` says it; compare the file with what its publisher says first",
        )
    return Asked("srs", parse_source(srs, sha256), installs=True)


def found(target: TargetMachine) -> dict[str, str]:
    """Return the installed ingest servers, and where they are; another machine's are not known."""
    servers = machine.found_servers() if target.is_this_machine else {}
    return {name: str(path) for name, path in servers.items()}


def ask(given: Asked, target: TargetMachine) -> Asked:
    """Ask on a terminal for what the options leave open; click.Abort for Ctrl-C."""
    server = given.server or _ask_server(target)
    source = given.source
    if target.is_this_machine and server == "srs" and source is None and server not in found(target):
        source = _ask_source()
    return Asked(server, source, given.installs)


def _ask_server(target: TargetMachine) -> str:
    servers = found(target)
    if len(servers) == 1:
        name, path = next(iter(servers.items()))
        click.echo(f"ingest server, to which OBS sends: {name}, found at {path}", err=True)
        return name
    question, known = "ingest server, to which OBS sends", tuple(servers) or tuple(_HOW)
    if target.is_this_machine and not servers:
        click.echo("No ingest server is installed, to which OBS could send. Either of these does:", err=True)
        click.echo("\n".join(columns([name, _HOW[name]] for name in _HOW)), err=True)
        question = "which shall it be"
    return str(click.prompt(question, type=click.Choice(known), default=known[0], err=True))


def _ask_source() -> SrsSource | None:
    """Ask for the file of SRS until it can be one; None for nobody's business here."""
    from restream_agent.deploy.srs_source import parse_source

    question = "SRS's archive or executable, as a path or an https URL (Enter: you install it later)"
    while place := str(click.prompt(question, default="", show_default=False, err=True)).strip():
        sha256 = str(click.prompt("its SHA-256 (sha256sum FILE says it)", err=True)).strip()
        try:
            return parse_source(place, sha256)
        except RestreamError as error:
            click.echo(f"  {error.message}: {error.hint}", err=True)
    return None


@dataclass(frozen=True)
class ServerPart:
    """What `init` may do for the server; `is_there` if it is installed, or will be once that is done."""

    server: str
    change: ServerChange | None
    is_there: bool

    def without_change(self, target: TargetMachine) -> "ServerPart":
        """Return the same where nobody wants the change."""
        return ServerPart(self.server, None, is_installed(self.server, target))


def is_installed(server: str, target: TargetMachine) -> bool:
    """Whether a server is installed; another machine's is not known, and counts as installed."""
    return not target.is_this_machine or server in found(target)


def part(server: str, given: Asked, target: TargetMachine, *, asks: bool) -> ServerPart:
    """Return what is to be done for a server: asked for by an option, or to be offered on a terminal.

    Raises RestreamError if an option asks for what cannot be done.
    """
    if not target.is_this_machine:
        if given.installs:
            raise RestreamError("--install and --srs are for this machine, not for another's --root")
        return ServerPart(server, None, is_there=True)
    is_there = is_installed(server, target)
    if not given.installs and (not asks or not (is_there or server == "nginx-rtmp" or given.source)):
        return ServerPart(server, None, is_there)
    from restream_agent.deploy import server_install

    try:
        change = server_install.change(cast("IngestServer", server), given.source)
    except RestreamError:
        if given.installs:
            raise
        return ServerPart(server, None, is_there)  # nothing was asked for: the server's place is told instead
    if not change.is_needed:
        return ServerPart(server, None, is_there)
    return ServerPart(server, change, is_there=True)


def agreed(part: ServerPart, target: TargetMachine, *, asks: bool) -> ServerPart:
    """Show the change, and ask for it on a terminal; return what is left of it."""
    if part.change is None:
        return part
    if asks:
        click.echo()  # below the last question
    server_view.show_change(part.change)
    if asks and not server_view.is_agreed():
        return part.without_change(target)
    return part


def carry_out(part: ServerPart) -> None:
    """Do the change, and say what is installed then; RestreamError if it fails."""
    if part.change is not None:
        click.echo(f"ready: {server_view.install(part.change)}")
