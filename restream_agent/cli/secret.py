"""`restream-agent secret`: stores, lists and removes keys. No key is ever printed."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restream_agent.base.secret_text import LOOKS_LIKE_A_KEY, MASK
from restream_agent.base.target import TargetMachine
from restream_agent.cli import completion
from restream_agent.cli.options import config_option, explained, json_option, root_option
from restream_agent.systemd.time_spans import format_span

if TYPE_CHECKING:
    from restream_agent.deploy.credentials import Credential


@click.group("secret")
def secret_group() -> None:
    """Store, list and remove keys, readable by root alone.

    Besides root, only the process that uses a key can read it.
    """


@secret_group.command("set")
@click.argument("name", shell_complete=completion.secrets)
@click.option("--encrypt", is_flag=True, help="Encrypt it with systemd-creds, for this machine only.")
@root_option
@explained
def secret_set(name: str, encrypt: bool, root: Path) -> None:
    """Store a key under NAME; it is read hidden, or from stdin."""
    from restream_agent.deploy import credentials
    from restream_agent.systemd import systemctl

    if sys.stdin.isatty():
        secret = click.prompt(f"key for {name} (not shown)", hide_input=True, err=True).encode()
    else:
        secret = sys.stdin.buffer.read(credentials.LONGEST_INPUT)
    target = TargetMachine(root)
    click.echo(f"stored {credentials.store(target, name, secret, encrypt=encrypt)}")
    if target.is_this_machine and systemctl.is_running() and credentials.retry_apply(systemctl.Systemd()):
        click.echo("the last edit of the TOML, which could not be applied, is tried again")
    else:
        click.echo(f"to have it used: {target.command('apply')}")


@secret_group.command("list")
@json_option
@root_option
@config_option
@explained
def secret_list(as_json: bool, root: Path, given: Path | None) -> None:
    """Show name, users, age and kind of each key, never a key.

    Keys that the configuration names and that are not stored are listed as missing.
    """
    from restream_agent.config import file
    from restream_agent.deploy import credentials

    config, _ = file.read(file.config_path(root, given))
    entries = credentials.list_credentials(root, config)
    click.echo(json.dumps([asdict(entry) for entry in entries], indent=2) if as_json else _table(entries))


@secret_group.command("remove")
@click.argument("name", shell_complete=completion.secrets)
@click.option("--force", is_flag=True, help="Remove it even if the configuration names it.")
@root_option
@config_option
@explained
def secret_remove(name: str, force: bool, root: Path, given: Path | None) -> None:
    """Remove the key NAME."""
    from restream_agent.config import file
    from restream_agent.deploy import credentials

    used_by = () if force else credentials.users(file.read(file.config_path(root, given))[0], name)
    credentials.remove(root, name, used_by)
    click.echo(f"removed {name}")


def _table(entries: "tuple[Credential, ...]") -> str:
    """Return a line for each credential: its name, its state, and its users."""
    width = max((len(entry.name) for entry in entries), default=0)
    return "\n".join(f"{entry.name:<{width}}  {_state(entry)}, {_users(entry)}" for entry in entries)


def _state(entry: "Credential") -> str:
    if entry.age is None and entry.name == MASK:
        return f"missing: {LOOKS_LIKE_A_KEY}"
    if entry.age is None:
        return f"missing: restream-agent secret set {entry.name}"
    return f"{'encrypted' if entry.is_encrypted else 'stored'} {format_span(round(entry.age))} ago"


def _users(entry: "Credential") -> str:
    return f"used by {', '.join(entry.users)}" if entry.users else "not used"
