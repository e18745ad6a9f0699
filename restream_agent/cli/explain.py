"""The commands `explain` and `schema`: what the TOML may say, for people and for editors."""

import json

import click

from restream_agent.cli import completion
from restream_agent.cli.options import explained


@click.command("explain")
@click.argument("key", required=False, default="", shell_complete=completion.keys)
@explained
def explain_command(key: str) -> None:
    """Say what a key of the TOML is for, and what it may hold.

    KEY is dotted, such as fallback.hold or platforms.twitch.key. A table lists its keys. Without KEY, the
    tables are listed.
    """
    from restream_agent.config.explain import explain

    click.echo(explain(key))


@click.command("schema")
@click.option("--policy", "of_policy", is_flag=True, help="Of the machine's policy.toml, not of the TOML.")
@explained
def schema_command(*, of_policy: bool) -> None:
    """Print the JSON schema of the TOML, for editors.

    Editors that know Taplo's comment complete keys and mark mistakes in a TOML that begins with `#:schema
    FILE`. The schema is also installed, as /usr/local/share/restream-agent/restream.schema.json.
    """
    from restream_agent.config.reference import json_schema, policy_schema

    click.echo(json.dumps(policy_schema() if of_policy else json_schema(), indent=2))
