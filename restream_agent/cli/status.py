"""The command `restream-agent status`."""

import json
import sys

import click

from restream_agent.cli.options import all_option, channel_argument, explained, json_option

_HELP = """\
Show the state of the broadcast and of each relay.

With --exit-code it exits with the first of these codes that applies to a channel that it shows:

\b
5  a platform gets nothing: its relay is stalled, refused or has given up
4  on air, and viewers see the fallback
6  something else has failed: the ingest server, the last edit, a helper unit
3  off air
0  live, and all is well
1  there is no status, as the agent does not answer
"""


@click.command(help=_HELP)
@channel_argument
@all_option
@json_option
@click.option("-w", "--watch", "is_watch", is_flag=True, help="Show it anew each second, until Ctrl-C.")
@click.option("--exit-code", "has_code", is_flag=True, help="Exit with a code for the state; for scripts.")
@explained
def status(channel: str | None, every: bool, as_json: bool, is_watch: bool, has_code: bool) -> None:
    """Show the state of the broadcast and of each relay."""
    from restream_agent.cli import channel_view, chosen, paint, status_exit, status_view

    chosen.refuse_both(channel, every=every)
    if is_watch:
        if as_json or has_code:
            raise click.UsageError("--watch goes with neither --json nor --exit-code")
        _watch(channel, every=every)
        return
    answer = status_view.fetch()
    if as_json:
        click.echo(json.dumps(channel_view.part(answer, channel), indent=2))
    else:
        paint.show(channel_view.text(answer, channel, every=every))
    if has_code:
        sys.exit(status_exit.exit_code(channel_view.shown(answer, channel)))


def _watch(channel: str | None, *, every: bool) -> None:
    from restream_agent.cli import channel_view, paint, status_view

    if not sys.stdout.isatty():
        raise click.UsageError("--watch needs a terminal; programs read --json")
    from restream_agent.cli.status_watch import Look, watch

    def look() -> Look:
        answer = status_view.fetch()
        return lambda most: channel_view.text(answer, channel, every=every, most=most)

    paint.show(watch(look))
