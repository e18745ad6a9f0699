"""The units and settings of one channel's broadcast: program, player, hold, preparation. Pure.

`main` has units of its own. The other channels share unit templates, and have files of their own where their
units differ: a hold of another length, a player whose dependencies are other units than those of `live@`.
"""

from collections.abc import Mapping

from restream_agent.base import paths
from restream_agent.base.channel_keys import play_key
from restream_agent.base.endpoints import API
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.config.channel import ChannelLimits
from restream_agent.config.model import Config
from restream_agent.render.channel_words import ANY_CHANNEL, ChannelWords
from restream_agent.render.settings import agent_settings, fallback_settings, program_settings
from restream_agent.render.templates import Templates
from restream_agent.systemd import escaping, unit_names
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.time_spans import format_span
from restream_agent.wire import records

_DOORS = (unit_names.RELAY_DOOR, unit_names.LIVE_DOOR)
_ALIKE = (
    unit_names.TARGET,
    unit_names.PROGRAM_UNIT,
    *_DOORS,
    unit_names.HOLD_SERVICE,
    unit_names.FORGET_UNIT,
    unit_names.PREPARE_UNIT,
)
"""The units that are the same for every channel but for its names."""


def broadcast_files(config: Config, refused: Mapping[str, str], fill: Templates) -> Tree:
    """Return the files of `main`; `refused` has the codecs that cannot be carried (codecs.py)."""
    units = paths.UNITS
    return {
        **{f"{units}/{unit}": File(_alike(unit, config.channel, fill)) for unit in _ALIKE},
        f"{units}/{unit_names.LIVE_TEMPLATE}": File(_player(config, fill)),
        **(_walls(config.channel, ChannelLimits(), fill) if config.channel.has_siblings else {}),
        **_settings(config, refused, fill),
        **_hold_and_starts(config, fill),
    }


def channel_files(config: Config, limits: ChannelLimits, refused: Mapping[str, str], fill: Templates) -> Tree:
    """Return the files of another channel, which work with `channel_templates`."""
    words, units = ChannelWords(config.channel), paths.UNITS
    door = words.report_door
    return {
        f"{units}/{words.live_unit}": File(_player(config, fill)),
        **_walls(config.channel, limits, fill),
        f"{units}/sockets.target.wants/{door}": Link(f"../{unit_names.REPORT_TEMPLATE}"),
        **_settings(config, refused, fill),
        **_hold_and_starts(config, fill),
    }


def _walls(channel: Channel, limits: ChannelLimits, fill: Templates) -> Tree:
    """Return what keeps a channel from using another's share of the machine, or another's stream."""
    words = ChannelWords(channel)
    key = play_key(fill.facts.hook_token, channel.name)
    return {
        f"{paths.UNITS}/{words.slice}": File(
            fill("restream-channel.slice.j2", channel=channel, limits=limits)
        ),
        words.paths.play_key: File(f"{key}\n", mode=0o600, is_secret=True),
    }


def channel_templates(fill: Templates) -> Tree:
    """Return the unit templates of all channels but `main`."""
    tree: Tree = {
        f"{paths.UNITS}/{unit_names.template_of(unit)}": File(_alike(unit, ANY_CHANNEL, fill))
        for unit in _ALIKE
    }
    report = fill(f"{unit_names.REPORT_TEMPLATE}.j2", channel=ANY_CHANNEL)
    tree[f"{paths.UNITS}/{unit_names.REPORT_TEMPLATE}"] = File(report)
    return tree


def server_address(config: Config) -> tuple[str, int]:
    """Return the (host, port) from which live@ pulls the stream: where the server listens.

    live@ connects from the same address, so the server allows this address to play.
    """
    host, _, port = config.ingest.listen.rpartition(":")
    return "127.0.0.1" if host == "0.0.0.0" else host, int(port)  # noqa: S104 - the user's choice, not a bind


def _alike(unit: str, channel: Channel, fill: Templates) -> str:
    words = ChannelWords(channel)
    module = (fill.facts.python, "-I", "-m", "restream_agent.program")
    start = (*module, words.paths.program_settings, *(() if channel.is_main else (channel.name,)))
    values = {"command": _instance_command(start)} if unit == unit_names.PROGRAM_UNIT else {}
    return fill(f"{unit}.j2", channel=channel, **values)


def _player(config: Config, fill: Templates) -> str:
    """Return the unit that pulls a stream; agent/http.py has checked the stream's name."""
    host, port = server_address(config)
    url, socket = f"rtmp://{host}:{port}/live/%i", ChannelWords(config.channel).paths.live_socket
    start = (fill.facts.python, "-I", "-c", "from restream_agent.player.__main__ import main; main()")
    play = (*start, url, socket)
    return fill("live@.service.j2", channel=config.channel, player=host, command=_instance_command(play))


def _instance_command(argv: tuple[str, ...]) -> str:
    """Return an ExecStart= value in which systemd replaces %i by the unit's instance."""
    return escaping.command(argv).replace("%%i", "%i")


def _settings(config: Config, refused: Mapping[str, str], fill: Templates) -> Tree:
    own = ChannelWords(config.channel).paths
    host, port = server_address(config)
    agent = agent_settings(
        config, refused, source=fill.facts.source, api=f"http://{API}", rtmp=f"{host}:{port}"
    )
    return {
        own.program_settings: File(records.to_file(program_settings(config, refused))),
        own.agent_settings: File(records.to_file(agent)),
        own.fallback_settings: File(records.to_file(fallback_settings(config))),
    }


def _hold_and_starts(config: Config, fill: Templates) -> Tree:
    """Return the timer of the hold, and the links by which systemd starts units at boot."""
    channel, hold = config.channel, config.fallback.hold
    tree: Tree = {}
    if hold:
        timer = fill("restream-off-air.timer.j2", channel=channel, hold=format_span(hold))
        tree[f"{paths.UNITS}/{channel.unit(unit_names.HOLD_TIMER)}"] = File(timer)
    starts = dict.fromkeys(_DOORS, "sockets.target")
    if config.fallback.standby:
        starts[unit_names.TARGET] = "multi-user.target"
    for unit, target in starts.items():
        file = unit if channel.is_main else unit_names.template_of(unit)
        tree[f"{paths.UNITS}/{target}.wants/{channel.unit(unit)}"] = Link(f"../{file}")
    return tree
