"""What has to be done so that an ingest server is on this machine, from what was seen of it. Pure."""

import shlex
from dataclasses import dataclass, replace

from restream_agent.base.errors import RestreamError
from restream_agent.config.ingest import IngestServer

WEB_UNIT = "nginx.service"
"""Debian's own web server, which comes with the package nginx. It has no part in a broadcast."""
MODULE_PACKAGE = "libnginx-mod-rtmp"

Command = tuple[str, ...]

# Without LC_ALL=C apt's errors come in the machine's language.
_APT: Command = ("env", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet")
UPDATE: Command = (*_APT, "update")
_INSTALL: Command = (*_APT, "install", "--yes", "--no-install-recommends", "--no-remove")

# The package starts the web server as it is installed. A mask in /run keeps it from that, and is gone at a
# reboot, whatever happens here.
MASK: Command = ("systemctl", "--runtime", "mask", WEB_UNIT)
UNMASK: Command = ("systemctl", "--runtime", "unmask", WEB_UNIT)
_DISABLE: Command = ("systemctl", "disable", WEB_UNIT)
_DISABLE_NOW: Command = ("systemctl", "disable", "--now", WEB_UNIT)
_IDLE = "Debian's web server came with nginx; on port 80 it shows Debian's page of welcome alone"


@dataclass(frozen=True)
class NginxFacts:
    """What there is of nginx-rtmp. `has_idle_web_server` as `server_look.has_idle_web_server` says it."""

    has_apt: bool
    has_nginx: bool
    has_module: bool
    has_idle_web_server: bool


@dataclass(frozen=True)
class SrsSource:
    """Where SRS comes from, a path or an https URL, and the SHA-256 of that file, 64 hexadecimal digits."""

    place: str
    sha256: str

    @property
    def is_url(self) -> bool:
        """Whether it has to be downloaded."""
        return "://" in self.place

    @property
    def shown(self) -> str:
        """The place without what a URL may have of a user's name, password or token."""
        if not self.is_url:
            return self.place
        scheme, _, rest = self.place.partition("://")
        host, slash, path = rest.partition("?")[0].partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


@dataclass(frozen=True)
class ServerChange:
    """What is done to the machine, and why: an executable from a source, then commands; else nothing."""

    server: IngestServer
    why: str = ""
    commands: tuple[Command, ...] = ()
    source: SrsSource | None = None
    target: str = ""

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.commands or self.source)

    @property
    def source_lines(self) -> tuple[str, ...]:
        """What is done with the source, in the order in which it is done."""
        if self.source is None:
            return ()
        return (
            f"{'download' if self.source.is_url else 'read'} {self.source.shown}",
            f"compare its SHA-256 with {self.source.sha256}",
            "run the srs in it with -v, as a user without rights",
            f"write it to {self.target}",
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """All that is done, in its order: words, and commands to copy."""
        return (*self.source_lines, *map(shlex.join, self.commands))


def with_web_server_off(change: ServerChange) -> ServerChange:
    """Return a change that also switches an idle web server off, `server_look.has_idle_web_server`."""
    return replace(change, why=change.why or _IDLE, commands=(*change.commands, _DISABLE_NOW))


def nginx_change(facts: NginxFacts) -> ServerChange:
    """Return what makes this machine have nginx-rtmp, and no web server that nobody wanted.

    An nginx that is there already keeps its web server. Raises RestreamError on a system without apt.
    """
    if facts.has_nginx and facts.has_module:
        there = ServerChange("nginx-rtmp")
        return with_web_server_off(there) if facts.has_idle_web_server else there
    if not facts.has_apt:
        raise RestreamError(
            "nginx-rtmp cannot be installed: this system has no apt-get",
            hint="install nginx and its RTMP module as your system does that, or SRS (docs/install.md)",
        )
    if facts.has_nginx:
        why = "nginx is there, and its RTMP module is not; nginx.service stays as it is"
        return ServerChange("nginx-rtmp", why, (UPDATE, (*_INSTALL, MODULE_PACKAGE)))
    install = (*_INSTALL, "nginx", MODULE_PACKAGE)
    why = "nginx-rtmp is not installed; Debian's web server, which comes with it, is kept from starting"
    return ServerChange("nginx-rtmp", why, (MASK, UPDATE, install, UNMASK, _DISABLE))
