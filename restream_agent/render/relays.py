"""The files of the relays, and how a unit gets a secret. Pure."""

import re

from restream_agent.base import paths
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.model import Config
from restream_agent.config.relays import Relay, relays
from restream_agent.config.secret_uses import key_file, secret_uses
from restream_agent.config.table import SecretRef
from restream_agent.render.facts import Facts
from restream_agent.render.ffmpeg import EXPANDED, output_options, relay_command
from restream_agent.render.relay_users import relay_user
from restream_agent.render.settings import relay_environment
from restream_agent.render.templates import Templates
from restream_agent.systemd import escaping, unit_names
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.directives import directives
from restream_agent.wire.attempts import GIVEN_UP

_MEMORY_COPYING = "256M"
_MEMORY_ENCODING = "2G"
"""The memory at which systemd kills a relay and starts it again. A relay that copies has some 70 MB resident,
12 of them its log filter (make soak). An encoder of 4K pictures has some hundreds of MB more."""

_TASKS_COPYING = 64
_TASKS_ENCODING = 512
"""Processes and threads. A relay that copies has some 10; an encoder has a few for each processor."""

_LAUNCHER = re.compile(r'^ExecStart=("(\\.|[^"\\])*"|[^\s"]+) -I -m restream_agent\.[a-z_.]+ ')
"""The launcher at the beginning of a relay's ExecStart=: Python and our module, which then becomes ffmpeg."""


def relay_files(config: Config, fill: Templates) -> Tree:
    """Return the relays' units and drop-ins, and a drop-in for the target that wants them.

    The relays of `main` share a unit template. Those of another channel have a file each, beside the same
    drop-in: their dependencies are other units, and a drop-in cannot take dependencies back, systemd.unit(5).
    """
    channel, enabled = config.channel, relays(config)
    units = {relay.name: channel.unit(unit_names.relay_unit(relay.name)) for relay in enabled}
    tree: Tree = {
        paths.RELAY_SETTINGS: File(relay_environment(config).to_file()),
        f"{paths.UNITS}/{channel.unit(unit_names.TARGET)}.d/10-restream.conf": File(
            fill("restream.target.conf.j2", channel=channel, relays=list(units.values()))
        ),
    }
    if channel.is_main:
        tree[f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}"] = File(_unit(channel, fill))
    for relay in enabled:
        unit = f"{paths.UNITS}/{units[relay.name]}"
        if not channel.is_main:
            tree[unit] = File(_unit(channel, fill))
        tree[f"{unit}.d/10-restream.conf"] = File(_drop_in(relay, fill))
    return tree


def _unit(channel: Channel, fill: Templates) -> str:
    return fill(
        f"{unit_names.RELAY_TEMPLATE}.j2",
        channel=channel,
        given_up=GIVEN_UP,
        settings=paths.RELAY_SETTINGS,
    )


def _drop_in(relay: Relay, fill: Templates) -> str:
    start = (fill.facts.python, "-I", "-m", "restream_agent.launchers.relay_attempt")
    argv = (*start, *relay_command(fill.facts.ffmpeg, relay, has_marks=fill.facts.has_marks))
    return fill(
        "relay-drop-in.conf.j2",
        title=escaping.value(relay.full_name),
        credential=credential("key", relay.key, relay.full_name, fill.facts),
        user=relay_user(relay.full_name),
        tasks=_TASKS_COPYING if relay.transcode is None else _TASKS_ENCODING,
        memory=_MEMORY_COPYING if relay.transcode is None else _MEMORY_ENCODING,
        command=escaping.command(argv, expanded=EXPANDED),
    )


def launched_directives(text: str) -> tuple[str, ...]:
    """Return the directives of a unit file, without the launcher in front of a command.

    The launcher has done its work once the command runs. Another Python or module, as after an upgrade, takes
    effect at the unit's next start.
    """
    return tuple(_LAUNCHER.sub("ExecStart=", line) for line in directives(text))


def connection(drop_in: str) -> tuple[str, ...]:
    """Return what a relay's drop-in says of its platform: the key's directive, the encoding and the URL.

    Two drop-ins with equal results describe the same connection, so a running relay can keep it. All of this
    comes from the TOML. The rest of the drop-in comes from this program: another ffmpeg option, limit or user
    of a new version takes effect at the relay's next start.
    """
    lines = directives(drop_in)
    keys = [line for line in lines if line.startswith("LoadCredential")]
    command = next((line for line in reversed(lines) if line.startswith("ExecStart=")), "")
    return (*keys, *output_options(escaping.words(command)))


def credential(name: str, reference: SecretRef, user: str, facts: Facts) -> str:
    """Return the directive that gives a unit a secret as the credential `name`; see systemd.exec(5)."""
    kind = "LoadCredentialEncrypted" if reference.credential in facts.encrypted else "LoadCredential"
    return f"{kind}={name}:{escaping.value(key_file(reference, user, facts.encrypted))}"


def inline_keys(config: Config) -> Tree:
    """Return a file for each secret that the TOML contains."""
    return {
        f"{paths.INLINE_KEYS}/{use.user}": File(
            use.reference.plain.get_secret_value(), mode=0o600, is_secret=True
        )
        for use in secret_uses(config)
        if use.reference.plain is not None
    }
