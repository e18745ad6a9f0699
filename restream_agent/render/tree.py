"""Every file on the machine, from the checked TOML. Pure: the same input gives the same tree."""

from restream_agent.base import paths
from restream_agent.base.endpoints import API, LIVE_SOCKET
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.config.model import Config
from restream_agent.render import codecs
from restream_agent.render.notifier import notify_files
from restream_agent.render.relays import credential, inline_keys, relay_files
from restream_agent.render.settings import agent_settings, fallback_settings, milliseconds, program_settings
from restream_agent.render.templates import Assets, Facts, Templates
from restream_agent.systemd import escaping, unit_names
from restream_agent.systemd.time_spans import format_span
from restream_agent.wire import records

_FILLED_UNITS = (
    unit_names.AGENT_UNIT,
    unit_names.AGENT_SOCKET,
    unit_names.APPLY_UNIT,
    unit_names.HOLD_SERVICE,
    unit_names.FORGET_UNIT,
    unit_names.CONVERT_TEMPLATE,
    unit_names.LIVE_DOOR,
    unit_names.RELAY_DOOR,
)
"""Units that are the same for every configuration: templates for the sandbox and the addresses alone."""

INGEST_DESCRIPTORS = 16384
"""The ingest server's `LimitNOFILE=`: twice as many as nginx has connections."""

_FILLED = {
    "srs": "40 unfinished messages of 12 MB on one connection took 516 MB",
    "nginx-rtmp": "a connection takes 52 KB, and one message of nested objects 459 MB",
}


def render(config: Config, facts: Facts, assets: Assets) -> Tree:
    """Return every file and link of a configuration, by absolute path.

    Raises jinja2.UndefinedError if a template uses a name that it was not given; that is a bug.
    """
    fill = Templates(facts, assets)
    tree: Tree = {f"{paths.UNITS}/{name}": File(text) for name, text in assets.units.items()}
    tree |= {f"{paths.UNITS}/{name}": File(fill(f"{name}.j2")) for name in _FILLED_UNITS}
    tree |= _program(config, fill)
    tree |= relay_files(config, fill)
    tree |= _ingest(config, fill)
    tree |= _agent(config, fill)
    tree |= notify_files(config, fill)
    tree |= _accounts(fill)
    tree |= inline_keys(config)
    return tree


def _program(config: Config, fill: Templates) -> Tree:
    facts, units = fill.facts, paths.UNITS
    start = (facts.python, "-I", "-m", "restream_agent.program", paths.PROGRAM_SETTINGS)
    live_url = f"rtmp://{_puller(config)}:{_port(config)}/live/"
    play = (facts.python, "-I", "-m", "restream_agent.player", f"{live_url}%i", LIVE_SOCKET)
    tree: Tree = {
        f"{units}/{unit_names.PROGRAM_UNIT}": File(
            fill("fallback.service.j2", command=escaping.command(start))
        ),
        # systemd replaces %i by the stream's name; agent/http.py has checked it.
        f"{units}/{unit_names.LIVE_TEMPLATE}": File(
            fill(
                "live@.service.j2",
                player=_puller(config),
                command=escaping.command(play).replace("%%i", "%i"),
            )
        ),
        f"{units}/{unit_names.PREPARE_UNIT}": File(fill("restream-fallback-prepare.service.j2")),
        paths.PROGRAM_SETTINGS: File(records.to_file(program_settings(config, _refused(config, facts)))),
        paths.FALLBACK_SETTINGS: File(records.to_file(fallback_settings(config))),
    }
    if config.fallback.hold:
        tree[f"{units}/{unit_names.HOLD_TIMER}"] = File(
            fill("restream-off-air.timer.j2", hold=format_span(config.fallback.hold))
        )
    if config.fallback.standby:
        tree[f"{units}/multi-user.target.wants/{unit_names.TARGET}"] = Link(f"../{unit_names.TARGET}")
    return tree


def _ingest(config: Config, fill: Templates) -> Tree:
    facts, server = fill.facts, config.ingest.server
    path = paths.INGEST_CONFIG[server]
    text = fill(
        "srs.conf.j2" if server == "srs" else "nginx-rtmp.conf.j2",
        listen=config.ingest.listen,
        player=_puller(config),
        token=facts.hook_token,
        module=facts.nginx_rtmp_module,
        is_managed=config.ingest.manage,
        timeout_ms=milliseconds(config.ingest.timeout),
        first_packet_timeout_ms=max(20000, milliseconds(config.ingest.timeout)),
    )
    tree: Tree = {path: File(text, mode=0o640, group="restream-ingest", is_secret=True)}
    if config.ingest.manage:
        unit = fill(
            "restream-ingest.service.j2",
            server=server,
            descriptors=INGEST_DESCRIPTORS,
            filled=_FILLED[server],
            command=escaping.command(_ingest_command(facts, path)),
            privileged_port=_port(config) < 1024,
        )
        tree[f"{paths.UNITS}/{unit_names.INGEST_UNIT}"] = File(unit)
        tree[f"{paths.UNITS}/multi-user.target.wants/{unit_names.INGEST_UNIT}"] = Link(
            f"../{unit_names.INGEST_UNIT}"
        )
    return tree


def _ingest_command(facts: Facts, path: str) -> tuple[str, ...]:
    """Return the argv that runs the ingest server with its log filtered: no secret reaches the journal."""
    launcher = (facts.python, "-I", "-m", "restream_agent.launchers.ingest_server")
    return (*launcher, facts.server_binary, "-c", path)


def _agent(config: Config, fill: Templates) -> Tree:
    key = config.ingest.key
    rtmp = f"{_puller(config)}:{_port(config)}"
    refused = _refused(config, fill.facts)
    settings = agent_settings(config, refused, source=fill.facts.source, api=f"http://{API}", rtmp=rtmp)
    credentials = fill(
        "restream-agent.service.conf.j2",
        player=_puller(config),
        token_file=paths.HOOK_TOKEN,
        ingest_key=credential("ingest-key", key, "ingest", fill.facts) if key else None,
    )
    wants = f"{paths.UNITS}/multi-user.target.wants"
    return {
        paths.AGENT_SETTINGS: File(records.to_file(settings)),
        paths.HOOK_TOKEN: File(fill.facts.hook_token, mode=0o600, is_secret=True),
        f"{paths.UNITS}/{unit_names.AGENT_UNIT}.d/10-restream.conf": File(credentials),
        f"{wants}/{unit_names.AGENT_UNIT}": Link(f"../{unit_names.AGENT_UNIT}"),
        f"{paths.UNITS}/sockets.target.wants/{unit_names.AGENT_SOCKET}": Link(
            f"../{unit_names.AGENT_SOCKET}"
        ),
        **{
            f"{paths.UNITS}/sockets.target.wants/{door}": Link(f"../{door}")
            for door in (unit_names.RELAY_DOOR, unit_names.LIVE_DOOR)
        },
    }


def _refused(config: Config, facts: Facts) -> dict[str, str]:
    return codecs.obstacles(config.ingest.server, facts.ffmpeg_obstacles)


def _accounts(fill: Templates) -> Tree:
    return {
        paths.POLKIT_RULE: File(fill("restream-agent.rules.j2")),
        paths.SYSUSERS: File(fill("sysusers.conf.j2")),
        paths.TMPFILES: File(fill("tmpfiles.conf.j2")),
    }


def _puller(config: Config) -> str:
    """Return the address from which live@ pulls the stream: the one that the server listens on.

    live@ connects from the same address, so the server allows this address to play.
    """
    host = config.ingest.listen.rpartition(":")[0]
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - the user's choice, not a bind


def _port(config: Config) -> int:
    return int(config.ingest.listen.rpartition(":")[2])
