"""What this machine has: programs and where they are. Collected once, then passed around."""

import shutil
import sys
from pathlib import Path

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.deploy import secret_checks
from restream_agent.render.ffmpeg import AUTHORITIES
from restream_agent.render.templates import Facts

_SRS = "/usr/local/srs/objs/srs"
_NGINX = "/usr/sbin/nginx"
_NGINX_RTMP_MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"


def collect_facts(config: Config, target: TargetMachine, *, source: str) -> Facts:
    """Return what rendering needs; for a program that is not installed, its usual path.

    `source` is the path of the TOML file that the rendered files name.
    """
    return Facts(
        source=source,
        python=sys.executable,
        ffmpeg=shutil.which("ffmpeg") or "/usr/bin/ffmpeg",
        server_binary=str(_server_binary(config)),
        nginx_rtmp_module=_NGINX_RTMP_MODULE,
        hook_token=secret_checks.hook_token(target.root),
        encrypted=secret_checks.encrypted(target.root),
    )


def _server_binary(config: Config) -> Path:
    if config.ingest.binary is not None:
        return config.ingest.binary
    if config.ingest.server == "srs":
        return Path(shutil.which("srs") or _SRS)
    return Path(shutil.which("nginx") or _NGINX)


def has_srs() -> bool:
    """Whether SRS is installed at its usual path."""
    return Path(_SRS).exists()


def require_programs(config: Config, facts: Facts) -> None:
    """Raise RestreamError for the first program that is missing, with a hint how to install it."""
    if not Path(facts.ffmpeg).exists():
        raise RestreamError("ffmpeg is not installed", hint="apt install ffmpeg")
    if any(relay.url.startswith("rtmps:") for relay in relays(config)) and not Path(AUTHORITIES).exists():
        raise RestreamError(
            f"{AUTHORITIES} does not exist; the certificates of platforms are checked against it",
            hint="apt install ca-certificates",
        )
    if not config.ingest.manage:
        return
    if not Path(facts.server_binary).exists():
        raise RestreamError(f"{facts.server_binary} does not exist", hint=_server_hint(config))
    if config.ingest.server == "nginx-rtmp" and not Path(facts.nginx_rtmp_module).exists():
        raise RestreamError(f"{facts.nginx_rtmp_module} does not exist", hint="apt install libnginx-mod-rtmp")


def _server_hint(config: Config) -> str:
    if config.ingest.server == "srs":
        return (
            "install SRS (docs/install.md), name its executable as ingest.binary, "
            'or set ingest.server = "nginx-rtmp" and apt install nginx libnginx-mod-rtmp'
        )
    return "apt install nginx libnginx-mod-rtmp"
