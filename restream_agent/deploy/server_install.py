"""What it takes to have an ingest server on this machine, and doing it; for `init` and `install-server`."""

import os
import shlex
from collections.abc import Callable

from restream_agent.base import process
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.config.ingest import IngestServer
from restream_agent.deploy import apt, machine, server_look, srs_install
from restream_agent.deploy.server_change import (
    MASK,
    UNMASK,
    Command,
    ServerChange,
    SrsSource,
    nginx_change,
    with_web_server_off,
)
from restream_agent.systemd import systemctl, unit_names


def require_root() -> None:
    """Raise RestreamError for others than root, and without systemd, which has to keep the web server off."""
    systemctl.require_running()
    if os.geteuid() != 0:
        raise RestreamError("installing a server takes root", hint="sudo restream-agent install-server …")


def change(server: IngestServer, source: SrsSource | None = None) -> ServerChange:
    """Return what has to be done so that a server is installed; `source` is for SRS alone.

    Without a source, an SRS that is there is enough. Raises RestreamError if it cannot be done.
    """
    if server == "nginx-rtmp":
        return nginx_change(server_look.look_at_nginx())
    if source is None and "srs" not in machine.found_servers():
        raise RestreamError(
            "SRS is not installed, and no distribution has a package of it",
            hint="name an archive and its SHA-256 (docs/install.md, section SRS)",
        )
    change = ServerChange("srs") if source is None else srs_install.srs_change(source)
    return with_web_server_off(change) if server_look.has_idle_web_server() else change


def is_old_one_running(change: ServerChange) -> bool:
    """Whether the ingest server runs, and goes on with the executable that a change has replaced."""
    return change.source is not None and bool(systemctl.Systemd().active(unit_names.INGEST_UNIT))


def install(change: ServerChange, on_line: Callable[[str], None]) -> str:
    """Do what a change says, and return what is there then, in a few words.

    `on_line` gets each line of `change.lines` before it is done. Raises RestreamError if something fails:
    then no server is installed, and Debian's web server is as free to start as it was.
    """
    said = ""
    if change.source is not None:
        for line in change.source_lines:
            on_line(line)
        said = f"SRS {srs_install.install_srs(change.source)}"
    _run_all(change.commands, on_line)
    place = machine.found_servers().get(change.server)
    if place is None:
        raise RestreamError(
            f"all of it worked, and {change.server} is not there; restream-agent doctor may say why"
        )
    return f"{said or change.server} at {place}"


def _run_all(commands: tuple[Command, ...], on_line: Callable[[str], None]) -> None:
    """Run commands in their order; whatever happens, the web server is not left masked."""
    done, unread = list[Command](), ""
    try:
        for command in commands:
            on_line(shlex.join(command))
            unread += _run(command, unread, on_line)
            done.append(command)
    finally:
        if MASK in done and UNMASK not in done:
            process.run(UNMASK, timeout=systemctl.JOB_TIMEOUT)


def _run(command: Command, unread: str, on_line: Callable[[str], None]) -> str:
    """Run a command of a change; return the errors of an update that is not needed for certain."""
    if command[0] == "systemctl":
        process.run(command, timeout=systemctl.JOB_TIMEOUT)
        return ""
    try:
        return apt.run_apt(command, on_line)
    except CommandError:
        raise
    except RestreamError as error:
        if unread:
            raise RestreamError(f"{error.message}\n{unread}", hint=error.hint) from error
        raise
