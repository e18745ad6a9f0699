"""The command `restream-agent log`."""

import click

from restream_agent.cli.options import all_option, channel_argument, explained


@click.command()
@channel_argument
@all_option
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option(
    "--since", help='Begin at "1h" ago, "18:00", "yesterday", …; else with the broadcast.', metavar="TIME"
)
@explained
def log(channel: str | None, every: bool, follow: bool, since: str | None) -> None:
    """Show what every part has said, in one time line.

    It begins with the broadcast that is on air, or off air with the last one.
    """
    from restream_agent.cli import chosen, journal_view

    journal_view.show(chosen.channels(channel, every=every), since=since, follows=follow)
