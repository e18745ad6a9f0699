"""From the checked TOML to every file on the machine. Pure: the same input gives the same tree."""

import json
from collections.abc import Mapping
from fractions import Fraction

from restream_agent import names, paths, unitfile
from restream_agent.config import Config, relays
from restream_agent.ffmpeg import live_command
from restream_agent.filler import Assets, Facts, Filler
from restream_agent.profile import Profile
from restream_agent.render_notify import notify_files
from restream_agent.render_relays import credential, guarded, inline_keys, relay_files
from restream_agent.spans import format_span
from restream_agent.tree import File, Link, Tree

HOOKS = "http://127.0.0.1:8085"
API = "127.0.0.1:1985"
_NEVER_HEARD = 8.0
"""Seconds. SRS gives a new player what it has at once (sound, the last group of pictures)."""

_INGEST_RUNTIME = "/run/restream-ingest"


def render(config: Config, facts: Facts, assets: Assets) -> Tree:
    """Return every file and link that the configuration asks for, by absolute path.

    Raises jinja2.UndefinedError if a template names what it was not given, which is a bug.
    """
    fill = Filler(facts, assets)
    tree: Tree = {f"{paths.UNITS}/{name}": File(text) for name, text in assets.units.items()}
    tree |= _program(config, fill)
    tree |= relay_files(config, fill)
    tree |= _ingest(config, fill)
    tree |= _agent(config, fill)
    tree |= notify_files(config, fill)
    tree |= _accounts(fill)
    tree |= inline_keys(config)
    return tree


def _program(config: Config, fill: Filler) -> Tree:
    facts, units = fill.facts, paths.UNITS
    start = (facts.python, "-I", "-m", "restream_agent.program", paths.PROGRAM_SETTINGS)
    pull = live_command(facts.ffmpeg, f"rtmp://{_puller(config)}:{_port(config)}/live/%i")
    tree: Tree = {
        f"{units}/{names.PROGRAM_UNIT}": File(fill("fallback.service.j2", command=unitfile.command(start))),
        f"{units}/{names.PROGRAM_SOCKET}": File(fill("fallback.socket.j2")),
        # %i is for systemd to fill in with the stream's name, which hooks.py has checked.
        f"{units}/{names.LIVE_TEMPLATE}": File(
            fill(
                "live@.service.j2",
                player=_puller(config),
                command=unitfile.command(pull).replace("%%i", "%i"),
            )
        ),
        f"{units}/{names.PREPARE_UNIT}": File(
            fill("restream-fallback-prepare.service.j2", player=_puller(config))
        ),
        paths.PROGRAM_SETTINGS: File(_program_settings(config)),
        paths.FALLBACK_SETTINGS: File(_fallback_settings(config)),
    }
    if config.fallback.hold:
        tree[f"{units}/{names.HOLD_TIMER}"] = File(
            fill("restream-off-air.timer.j2", hold=format_span(config.fallback.hold))
        )
    if config.fallback.standby:
        tree[f"{units}/multi-user.target.wants/{names.TARGET}"] = Link(f"../{names.TARGET}")
    return tree


def _program_settings(config: Config) -> str:
    ingest, fallback = config.ingest, config.fallback
    return _json(
        {
            "fallback": [paths.FALLBACK_CURRENT, paths.FALLBACK_SLATE],
            "opening": _milliseconds(fallback.opening),
            "operator": paths.OPERATOR,
            "settle": _milliseconds(ingest.settle),
            # The server ends a silent publisher after `timeout`; a while later we would do it ourselves.
            "silence": _milliseconds(config.ingest.timeout + 5),
            "stall": _milliseconds(ingest.stall),
            "standby": fallback.standby,
            "telemetry": paths.TELEMETRY,
        }
    )


def _fallback_settings(config: Config) -> str:
    fallback, match = config.fallback, config.fallback.match
    profile = match and Profile(
        width=match.width,
        height=match.height,
        fps=Fraction(match.fps).limit_denominator(1001),
        h264_profile=match.profile,
        sample_rate=match.sample_rate,
        channels=match.channels,
    )
    return _json(
        {
            "keyframe": fallback.keyframe,
            "live_url": f"rtmp://{_puller(config)}:{_port(config)}/live/",
            "message": fallback.message,
            "profile": profile and profile.to_json(),
            "videos": [str(video) for video in fallback.video],
        }
    )


def _ingest(config: Config, fill: Filler) -> Tree:
    facts, server = fill.facts, config.ingest.server
    path = paths.INGEST_CONFIG[server]
    text = fill(
        "srs.conf.j2" if server == "srs" else "nginx-rtmp.conf.j2",
        listen=config.ingest.listen,
        player=_puller(config),
        api=API,
        hooks=HOOKS,
        token=facts.hook_token,
        runtime=_INGEST_RUNTIME,
        module=facts.nginx_rtmp_module,
        timeout_ms=_milliseconds(config.ingest.timeout),
        first_packet_timeout_ms=max(20000, _milliseconds(config.ingest.timeout)),
    )
    tree: Tree = {path: File(text, mode=0o640, group="restream-ingest", is_secret=True)}
    if config.ingest.manage:
        unit = fill(
            "restream-ingest.service.j2",
            server=server,
            command=unitfile.command(guarded(facts, (facts.server_binary, "-c", path))),
            privileged_port=_port(config) < 1024,
        )
        tree[f"{paths.UNITS}/{names.INGEST_UNIT}"] = File(unit)
        tree[f"{paths.UNITS}/multi-user.target.wants/{names.INGEST_UNIT}"] = Link(f"../{names.INGEST_UNIT}")
    return tree


def _agent(config: Config, fill: Filler) -> Tree:
    key = config.ingest.key
    settings = _json(
        {
            "api": f"http://{API}",
            "hold": config.fallback.hold,
            "matches_live": config.fallback.match is None,
            "notifies": config.notify.is_wanted,
            "relays": {relay.name: relay.sender for relay in relays(config)},
            "server": config.ingest.server,
            "silence": _NEVER_HEARD if config.ingest.server == "srs" else None,
            "source": fill.facts.source,
            "stall": config.relay.stall,
            "standby": config.fallback.standby,
            "takes_any_key": key is None,
        }
    )
    credentials = fill(
        "restream-agent.service.conf.j2",
        token_file=paths.HOOK_TOKEN,
        ingest_key=credential("ingest-key", key, "ingest", fill.facts) if key else None,
    )
    wants = f"{paths.UNITS}/multi-user.target.wants"
    return {
        paths.AGENT_SETTINGS: File(settings),
        paths.HOOK_TOKEN: File(fill.facts.hook_token, mode=0o600, is_secret=True),
        f"{paths.UNITS}/{names.AGENT_UNIT}.d/10-restream.conf": File(credentials),
        f"{wants}/{names.AGENT_UNIT}": Link(f"../{names.AGENT_UNIT}"),
        f"{paths.UNITS}/sockets.target.wants/{names.AGENT_SOCKET}": Link(f"../{names.AGENT_SOCKET}"),
        f"{paths.UNITS}/sockets.target.wants/{names.PROGRAM_SOCKET}": Link(f"../{names.PROGRAM_SOCKET}"),
    }


def _accounts(fill: Filler) -> Tree:
    return {
        paths.POLKIT_RULE: File(fill("restream-agent.rules.j2")),
        paths.SYSUSERS: File(fill("sysusers.conf.j2")),
        paths.TMPFILES: File(fill("tmpfiles.conf.j2")),
    }


def _puller(config: Config) -> str:
    """Return the address that live@ pulls from, and comes from: the server's own, if it has just one."""
    host = config.ingest.listen.rpartition(":")[0]
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - the user's choice, not a bind


def _port(config: Config) -> int:
    return int(config.ingest.listen.rpartition(":")[2])


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, indent=2, sort_keys=True) + "\n"
