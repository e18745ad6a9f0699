"""What this machine has: programs and where they are. Collected once, then passed around."""

import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import restream_agent
from restream_agent.base import rights
from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.config.ingest import IngestServer
from restream_agent.config.model import Config
from restream_agent.config.notify import HIDDEN_DIRECTORIES
from restream_agent.config.relays import all_relays
from restream_agent.deploy import ffmpeg_codecs, ffmpeg_marks, secret_checks
from restream_agent.render.facts import Facts, Programs
from restream_agent.render.ffmpeg import AUTHORITIES

SRS = "/usr/local/srs/objs/srs"
_NGINX = "/usr/sbin/nginx"
INSTALL: dict[IngestServer, str] = {
    "srs": "restream-agent install-server srs --from ARCHIVE --sha256 HEX (docs/install.md, section SRS)",
    "nginx-rtmp": "restream-agent install-server nginx-rtmp",
}
"""How an ingest server comes onto a machine."""
_NGINX_RTMP_MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"


def programs(config: Config) -> Programs:
    """Return where the programs of the units are; for a program that is not installed, its usual path."""
    return Programs(
        python=sys.executable,
        code=_code(),
        ffmpeg=shutil.which("ffmpeg") or "/usr/bin/ffmpeg",
        server_binary=str(_server_binary(config)),
        nginx_rtmp_module=_NGINX_RTMP_MODULE,
    )


def _code() -> tuple[str, ...]:
    """Return the directories outside /usr without which this Python does not run restream-agent.

    A virtual environment has links to another Python, by way of other links, and an editable package is in
    neither.
    """
    package, python = Path(restream_agent.__file__).parent, Path(sys.executable)
    links = list[Path]()
    while python.is_symlink():
        python = python.parent / python.readlink()
        links.append(python.parent)
    named = (Path(sys.prefix), Path(sys.base_prefix), package, python.resolve().parent.parent, *links)
    needed = {path for each in named for path in (each, each.resolve())} - {Path("/")}
    inside = {path for path in needed if any(other in path.parents for other in (*needed, Path("/usr")))}
    return tuple(sorted(str(path) for path in needed - inside - {Path("/usr")}))


def collect_facts(config: Config, target: TargetMachine, *, source: str) -> Facts:
    """Return what rendering needs. ffmpeg is asked what it can do, which takes 0.3 s.

    `source` is the path of the TOML file that the rendered files name.
    """
    found = programs(config)
    return Facts(
        **asdict(found),
        source=source,
        ffmpeg_obstacles=ffmpeg_codecs.obstacles(found.ffmpeg),
        has_marks=ffmpeg_marks.can_print(found.ffmpeg),
        hook_token=secret_checks.hook_token(target.root),
        encrypted=secret_checks.encrypted(target.root),
    )


def _server_binary(config: Config) -> Path:
    if config.ingest.binary is not None:
        return config.ingest.binary
    if config.ingest.server == "srs":
        return Path(shutil.which("srs") or SRS)
    return Path(shutil.which("nginx") or _NGINX)


def found_servers() -> dict[IngestServer, Path]:
    """Return the executable of each ingest server that is installed at a usual place, SRS first."""
    srs, nginx = Path(shutil.which("srs") or SRS), Path(shutil.which("nginx") or _NGINX)
    found: dict[IngestServer, Path] = {"srs": srs} if srs.exists() else {}
    if has_nginx() and has_nginx_rtmp_module():
        found["nginx-rtmp"] = nginx
    return found


def has_nginx() -> bool:
    """Whether there is an nginx, which may be a web server alone."""
    return Path(shutil.which("nginx") or _NGINX).exists()


def has_nginx_rtmp_module() -> bool:
    """Whether there is the module that makes nginx an ingest server."""
    return Path(_NGINX_RTMP_MODULE).exists()


def require_programs(config: Config, found: Programs) -> None:
    """Raise RestreamError for the first program that the units cannot run, with a hint what to do."""
    hints = {found.python: "install restream-agent again", found.ffmpeg: "apt install ffmpeg"}
    if config.ingest.manage:
        hints[found.server_binary] = _server_hint(config)
    for program, hint in hints.items():
        if not Path(program).exists():
            raise RestreamError(f"{program} does not exist", hint=hint)
        _require_executable(Path(program))
    _require_readable(Path(restream_agent.__file__))
    if config.ingest.manage:
        _require_root_s(Path(found.server_binary))
        if config.ingest.server == "nginx-rtmp" and not Path(found.nginx_rtmp_module).exists():
            raise RestreamError(f"{found.nginx_rtmp_module} does not exist", hint=INSTALL["nginx-rtmp"])
    if any(relay.url.startswith("rtmps:") for relay in all_relays(config)) and not Path(AUTHORITIES).exists():
        raise RestreamError(
            f"{AUTHORITIES} does not exist; the certificates of platforms are checked against it",
            hint="apt install ca-certificates",
        )


def _require_executable(program: Path) -> None:
    """Raise RestreamError unless the users of our units, in their sandboxes, can run a program."""
    for place, _ in rights.way_to(program):
        if f"{place}/".startswith(HIDDEN_DIRECTORIES):
            raise RestreamError(
                f"{program}: the sandbox of the units hides {place}",
                hint="install it below /usr/local or /opt",
            )
    stop = rights.obstacle(program, rights.STRANGER, executes=True)
    if stop is not None:
        what, mode = (
            ("is not executable for", "a+rx")
            if stop == program.resolve()
            else ("cannot be entered by", "a+x")
        )
        raise RestreamError(f"{program}: {stop} {what} the users of the units", hint=f"chmod {mode} {stop}")


def _require_readable(module: Path) -> None:
    """Raise RestreamError unless the users of our units can import us: root's umask may have been 077."""
    stop = rights.obstacle(module, rights.STRANGER)
    if stop is not None:
        raise RestreamError(
            f"{module}: the users of the units may not read {stop}", hint=f"chmod -R a+rX {stop}"
        )


def _require_root_s(program: Path) -> None:
    """Raise RestreamError for a program that somebody else than root could replace by another."""
    place = rights.changeable(program, itself=True)
    if place is not None:
        raise RestreamError(
            f"{program} could be replaced by others than root, who may change {place}",
            hint="install it as root, for example in /usr/local/srs",
        )


def _server_hint(config: Config) -> str:
    if config.ingest.server == "srs":
        return (
            "install SRS (docs/install.md), name its executable as ingest.binary, "
            'or set ingest.server = "nginx-rtmp" and restream-agent install-server nginx-rtmp'
        )
    return INSTALL["nginx-rtmp"]
