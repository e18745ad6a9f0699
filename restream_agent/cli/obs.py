"""`restream-agent obs`: what to type into OBS, and a QR code for a phone. A key is shown on request alone."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from restream_agent.base.target import TargetMachine
from restream_agent.cli.options import channel_argument, config_option, explained, root_option
from restream_agent.cli.paint import show
from restream_agent.cli.qr_code import APPS, App

if TYPE_CHECKING:
    from restream_agent.config.model import Config

SHOW_KEY = "--show-key"


@click.command("obs")
@channel_argument
@click.option(SHOW_KEY, "shows_key", is_flag=True, help="Show the stream key.")
@click.option("--qr", "has_code", is_flag=True, help="Draw server and key as a QR code for a phone.")
@click.option("--app", type=click.Choice(APPS), help="The code sets up this app; with --qr implied.")
@click.option("--host", help="The name or address under which OBS reaches this machine.", metavar="HOST")
@root_option
@config_option
@explained
def obs_command(
    *,
    channel: str | None,
    shows_key: bool,
    has_code: bool,
    app: App | None,
    host: str | None,
    root: Path,
    given: Path | None,
) -> None:
    """Show what to set in OBS.

    Server, stream key, and settings of the output that suit every enabled platform. A code for a phone
    holds the stream key: show it to nobody.
    """
    from restream_agent.config import file

    target = TargetMachine(root)
    config, _ = file.read(file.config_path(root, given))
    chosen = _of_channel(config, channel)
    if has_code or app is not None:
        _show_code(chosen, target, host, app)
        return
    show(pages(chosen, target, host=host, shows_key=shows_key, command=_again(channel, root, given)))


def _again(channel: str | None, root: Path, given: Path | None) -> str:
    """Return the command line that shows the key."""
    command = TargetMachine(root).command(" ".join(("obs", *([channel] if channel else []), SHOW_KEY)))
    return command + ("" if given is None else f" --config {given}")


def pages(config: "Config", target: TargetMachine, *, host: str | None, shows_key: bool, command: str) -> str:
    """Return everything to set in OBS for one channel; `command` is what shows the key.

    Raises RestreamError if the key is to be shown and cannot be read.
    """
    from restream_agent.cli import obs_view
    from restream_agent.config.obs_settings import obs_settings
    from restream_agent.deploy import obs_target, own_host

    server = obs_target.server_url(config, target, host)
    has_key = config.ingest.key is not None
    if shows_key or not has_key:
        key = obs_target.stream_key(config, target)
    else:
        key = obs_target.with_key(config.channel.name, obs_view.HIDDEN)
    address = server.removeprefix("rtmp://").partition("/")[0].partition(":")[0]
    stream = obs_view.target(
        server,
        key,
        remark="" if host is not None else own_host.remark(address),
        show=command if has_key and not shows_key else "",
    )
    return f"{stream}\n\n{obs_view.output(obs_settings(config))}"


def _show_code(config: "Config", target: TargetMachine, host: str | None, app: App | None) -> None:
    from restream_agent.cli import qr_code
    from restream_agent.deploy import obs_target

    server = obs_target.server_url(config, target, host)
    address = f"{server}/{obs_target.stream_key(config, target)}"
    show(qr_code.drawn(qr_code.content(address, config.channel.name, app)))
    click.echo(f"{server}, with the stream key in the code: show it to nobody", err=True)


def _of_channel(config: "Config", name: str | None) -> "Config":
    """Return the configuration of a channel; RestreamError as `chosen.channels` for a name that is none."""
    from restream_agent.cli import chosen
    from restream_agent.config.channels import channel_configs
    from restream_agent.systemd.channels import MAIN

    configs = {channel.name: each for channel, each in channel_configs(config).items()}
    if name is None and not configs[MAIN].platforms and len(configs) > 1:
        raise chosen.ambiguous(list(configs)[1:], hint="name one")
    if (name or MAIN) not in configs:
        raise chosen.unknown(str(name), configs)
    return configs[name or MAIN]
