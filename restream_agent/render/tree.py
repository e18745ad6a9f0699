"""Every file on the machine, from the checked TOML. Pure: the same input gives the same tree."""

from restream_agent.base import paths
from restream_agent.base.channel_keys import API_USER, api_authorization, api_key
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.config.channels import channel_configs
from restream_agent.config.model import Config
from restream_agent.config.secret_uses import INGEST
from restream_agent.render import codecs
from restream_agent.render.broadcast import broadcast_files, channel_files, channel_templates, server_address
from restream_agent.render.channel_words import ChannelWords
from restream_agent.render.facts import Facts
from restream_agent.render.notifier import notify_files
from restream_agent.render.relays import credential, inline_keys, relay_files
from restream_agent.render.settings import milliseconds
from restream_agent.render.templates import Assets, Templates
from restream_agent.systemd import escaping, unit_names
from restream_agent.systemd.channels import Channel

_FILLED_UNITS = (
    unit_names.AGENT_UNIT,
    unit_names.AGENT_SOCKET,
    unit_names.APPLY_UNIT,
    unit_names.CONVERT_TEMPLATE,
)
"""Units that are the same for every configuration: templates for the sandbox and the addresses alone."""

_STARTED = (
    unit_names.PROGRAM_UNIT,
    unit_names.TARGET,
    unit_names.PREPARE_UNIT,
    unit_names.FORGET_UNIT,
    unit_names.HOLD_SERVICE,
    unit_names.HOLD_TIMER,
)
"""The units of each channel that the agent starts and stops, besides relays and players."""

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
    refused = codecs.obstacles(config.ingest.server, facts.ffmpeg_obstacles)
    for channel, each in channel_configs(config).items():
        if channel.is_main:
            tree |= broadcast_files(each, refused, fill)
        else:
            tree |= channel_templates(fill)
            tree |= channel_files(each, config.channels[channel.name].limits, refused, fill)
        tree |= relay_files(each, fill)
    tree |= _ingest(config, fill)
    tree |= _agent(config, fill)
    tree |= notify_files(config, fill)
    tree |= _accounts(config, fill)
    tree |= inline_keys(config)
    return tree


def _ingest(config: Config, fill: Templates) -> Tree:
    facts, server = fill.facts, config.ingest.server
    path = paths.INGEST_CONFIG[server]
    text = fill(
        "srs.conf.j2" if server == "srs" else "nginx-rtmp.conf.j2",
        listen=config.ingest.listen,
        player=server_address(config)[0],
        token=facts.hook_token,
        api_user=API_USER if config.channels else "",
        api_key=api_key(facts.hook_token),
        api_authorization=api_authorization(facts.hook_token),
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
            privileged_port=server_address(config)[1] < 1024,
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
    key, player = config.ingest.key, server_address(config)[0]
    drop_in = fill(
        "restream-agent.service.conf.j2",
        player=player,
        token_file=paths.HOOK_TOKEN,
        ingest_key=credential("ingest-key", key, INGEST, fill.facts) if key else None,
        channels=[
            (words, credential(f"ingest-key-{name}", table.key, words.channel.relay(INGEST), fill.facts))
            for name, table in config.channels.items()
            for words in [ChannelWords(Channel(name))]
        ],
    )
    wants = f"{paths.UNITS}/multi-user.target.wants"
    return {
        paths.HOOK_TOKEN: File(fill.facts.hook_token, mode=0o600, is_secret=True),
        f"{paths.UNITS}/{unit_names.AGENT_UNIT}.d/10-restream.conf": File(drop_in),
        f"{wants}/{unit_names.AGENT_UNIT}": Link(f"../{unit_names.AGENT_UNIT}"),
        f"{paths.UNITS}/sockets.target.wants/{unit_names.AGENT_SOCKET}": Link(
            f"../{unit_names.AGENT_SOCKET}"
        ),
    }


def _accounts(config: Config, fill: Templates) -> Tree:
    channels = [ChannelWords(Channel(name)) for name in config.channels]
    return {
        paths.POLKIT_RULE: File(fill("restream-agent.rules.j2", channels=channels, started=_STARTED)),
        paths.SYSUSERS: File(fill("sysusers.conf.j2", channels=channels)),
        paths.TMPFILES: File(fill("tmpfiles.conf.j2", channels=channels)),
    }
