"""Looks what there is of nginx-rtmp, and whether anybody uses Debian's web server."""

import shutil
from pathlib import Path

from restream_agent.base import process
from restream_agent.base.errors import CommandError
from restream_agent.deploy import machine
from restream_agent.deploy.server_change import WEB_UNIT, NginxFacts

_TIMEOUT = 10.0
"""Seconds. dpkg reads a few files."""

_WELCOME = {
    "etc/nginx/sites-enabled": {"default"},
    "etc/nginx/conf.d": set[str](),
    "var/www/html": {"index.nginx-debian.html"},
}
"""What Debian's nginx serves before anybody has set it up: the names in each directory."""


def look_at_nginx() -> NginxFacts:
    """Return what there is of nginx-rtmp on this machine."""
    return NginxFacts(
        has_apt=shutil.which("apt-get") is not None,
        has_nginx=machine.has_nginx(),
        has_module=machine.has_nginx_rtmp_module(),
        has_idle_web_server=has_idle_web_server(),
    )


def has_idle_web_server(root: Path = Path("/")) -> bool:
    """Whether Debian's web server is on although nobody wanted it.

    That is so if apt has nginx for the sake of another package, as for ours, which recommends it, and if it
    serves Debian's page of welcome alone. A web server that a person installed or set up is no such one.
    """
    return _is_on() and _came_along() and _serves_welcome_alone(root)


def _is_on() -> bool:
    argv = ("systemctl", "show", "--property=ActiveState,UnitFileState", "--value", "--", WEB_UNIT)
    return not {"active", "activating", "enabled"}.isdisjoint(_said(*argv).split())


def _came_along() -> bool:
    return "nginx" in _said("apt-mark", "showauto", "nginx").split()


def _serves_welcome_alone(root: Path) -> bool:
    for directory, names in _WELCOME.items():
        place = root / directory
        if {path.name for path in place.glob("*")} - names:
            return False
    # dpkg lists the files that are not as the package has them.
    return "/etc/nginx/" not in _said("dpkg", "--verify", "nginx-common")


def _said(*argv: str) -> str:
    """Return what a program says, whatever its exit status; "" if it is missing."""
    try:
        return process.run(argv, timeout=_TIMEOUT, ok=tuple(range(256))).stdout
    except CommandError:
        return ""
