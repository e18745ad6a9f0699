"""`restream-agent platform`: lists the platforms, and edits them in the TOML. No key is ever printed."""

import json
from pathlib import Path
from typing import Any

import click

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli import completion, toml_session
from restream_agent.cli.options import channel_option, config_option, explained, json_option, root_option
from restream_agent.cli.toml_session import Editing, edit_options

encrypt_option = click.option(
    "--encrypt", is_flag=True, help="Encrypt the key for this machine (systemd-creds)."
)


@click.group("platform")
def platform_group() -> None:
    """List platforms, and edit them in the TOML.

    Comments and order of the file stay. A change is checked and shown before it is written. On a terminal you
    are asked; in a script the change is written, and applied with --apply or --yes.
    """


@platform_group.command("list")
@click.option(
    "--channel",
    shell_complete=completion.channels,
    help="One channel, where there are several.",
    metavar="CHANNEL",
)
@json_option
@root_option
@config_option
@explained
def platform_list(channel: str | None, as_json: bool, root: Path, given: Path | None) -> None:
    """Show each platform, where it leads and where its key is."""
    from restream_agent.cli import platform_view
    from restream_agent.deploy import platforms

    rows = platforms.rows(TargetMachine(root), given, channel)
    click.echo(platform_view.rows_as_json(rows) if as_json else platform_view.table(rows))


@platform_group.command("presets")
@click.argument("name", required=False, shell_complete=completion.presets)
@json_option
@explained
def platform_presets(name: str | None, as_json: bool) -> None:
    """Show the known platforms, or one with its servers."""
    from restream_agent.cli import platform_view

    chosen = platform_view.chosen_presets(name)
    if as_json:
        click.echo(json.dumps(platform_view.presets_as_json(chosen), indent=2))
    else:
        click.echo(platform_view.preset_table(chosen) if name is None else platform_view.details(chosen[0]))


@platform_group.command("add")
@click.argument("name", shell_complete=completion.presets)
@click.option(
    "--preset",
    shell_complete=completion.presets,
    help="A name of `platform presets`, if not NAME.",
    metavar="PRESET",
)
@click.option("--server", help="Another server of the preset; part of its label does.", metavar="LABEL")
@click.option("--url", help="The platform's URL, without the key.", metavar="URL")
@click.option(
    "--credential",
    shell_complete=completion.secrets,
    help="The name of the key in the store, if not NAME.",
    metavar="KEYNAME",
)
@click.option("--backup", is_flag=True, help="Send to the platform's backup server, too.")
@click.option("--disabled", is_flag=True, help="Send nothing to it yet.")
@encrypt_option
@edit_options
@explained
def platform_add(
    *, name: str, credential: str | None, encrypt: bool, editing: Editing, **settings: Any
) -> None:
    """Add the platform NAME; its key is asked for, or read from stdin."""
    from restream_agent.config import platform_edit
    from restream_agent.deploy import platforms, toml_change

    path, root = editing.path(name), editing.target.root
    key = credential or editing.channel.relay(name)
    table = platforms.new_table(name, key, **settings)
    change = editing.propose(path, lambda text: platform_edit.add(text, path, table))
    # A stored key that was named is meant; nobody has to type it again.
    is_stored = platforms.is_stored(root, key)
    secret = None if credential and is_stored else toml_session.read_key(key, is_stored=is_stored)
    if secret is not None:
        toml_change.require_own(change, key, platforms.key_option(path))
    storing = toml_change.new_key(editing.target, key, secret, encrypt=encrypt)
    toml_session.carry_out(change, editing.consent, f"added {name}", storing)


@platform_group.command("remove")
@click.argument("name", shell_complete=completion.platforms)
@edit_options
@explained
def platform_remove(*, name: str, editing: Editing) -> None:
    """Remove NAME from the TOML; its comments and its key stay."""
    from restream_agent.config import platform_edit
    from restream_agent.deploy import platforms

    path = editing.path(name)
    change = editing.propose(path, lambda text: platform_edit.remove(text, path))
    left = platforms.unused_key(change, path)
    toml_session.carry_out(change, editing.consent, f"removed {name}")
    if left:
        click.echo(f"its key is still stored: restream-agent secret remove {left}")


@platform_group.command("enable")
@click.argument("name", shell_complete=completion.platforms)
@edit_options
@explained
def platform_enable(*, name: str, editing: Editing) -> None:
    """Send to NAME again."""
    _enable(name, editing, enabled=True)


@platform_group.command("disable")
@click.argument("name", shell_complete=completion.platforms)
@edit_options
@explained
def platform_disable(*, name: str, editing: Editing) -> None:
    """Send nothing to NAME, and keep its settings."""
    _enable(name, editing, enabled=False)


@platform_group.command("test")
@click.argument("name", shell_complete=completion.platforms)
@channel_option
@click.option("-y", "--yes", is_flag=True, help="Send without asking.")
@explained
def platform_test(*, name: str, channel: str | None, yes: bool) -> None:
    """Send the slate to NAME for ten seconds; say what came back.

    It uses the platform's settings and its key, also of a platform that is disabled. Nothing is sent while a
    broadcast goes there.
    """
    from restream_agent.cli import platform_trial

    platform_trial.run(name, channel, yes=yes)


def _enable(name: str, editing: Editing, *, enabled: bool) -> None:
    from restream_agent.config import platform_edit

    words, path = f"{name} is {'enabled' if enabled else 'disabled'}", editing.path(name)
    change = editing.propose(path, lambda text: platform_edit.enable(text, path, enabled=enabled))
    if change.is_empty:
        click.echo(f"{words} already: nothing to change")
    else:
        toml_session.carry_out(change, editing.consent, words)


@platform_group.command("set")
@click.argument("name", shell_complete=completion.platforms)
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--key", "asks_key", is_flag=True, help="Ask for a new key, or read it from stdin.")
@encrypt_option
@edit_options
@explained
def platform_set(
    *, name: str, settings: tuple[str, ...], asks_key: bool, encrypt: bool, editing: Editing
) -> None:
    """Change settings of NAME: server=Frankfurt, video.height=720.

    `KEY=` without a value takes the setting out of the file.
    """
    from restream_agent.config import platform_edit
    from restream_agent.deploy import platforms, toml_change

    path, key, secret = editing.path(name), "", None
    if not settings and not asks_key:
        raise RestreamError("nothing to set", hint=f"for example platform set {name} video.height=720")
    wanted = tuple(map(platform_edit.read_setting, settings))
    if asks_key:
        key = platforms.key_name(editing.target, editing.given, path)
        wanted += ((("key",), {"credential": key}),)
    change = editing.propose(path, lambda text: platform_edit.change(text, path, wanted))
    if asks_key:
        toml_change.require_own(change, key, platforms.key_option(path))
        secret = toml_session.read_key(key, is_stored=False)
    if change.is_empty and secret is None:
        click.echo(f"{name} is so already: nothing to change")
        return
    storing = toml_change.new_key(editing.target, key, secret, encrypt=encrypt)
    toml_session.carry_out(change, editing.consent, f"changed {name}", storing)
