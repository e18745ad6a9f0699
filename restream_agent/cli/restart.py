"""`restream-agent restart`: has everything run the installed version. The package calls it at an upgrade."""

import sys

import click

from restream_agent.base import package_files
from restream_agent.base.target import THIS_MACHINE
from restream_agent.cli.applied import require_applied
from restream_agent.cli.options import explained


@click.command("restart")
@explained
def restart_command() -> None:
    """Have everything run the version that is installed.

    It checks and applies first, then restarts agent and program, and looks whether the platforms get the
    program again. Relays keep their connections, and use the version at their next start. The package does
    this when it is upgraded.
    """
    from restream_agent.cli import check, status_view, toml_session
    from restream_agent.deploy import checking, commands, restart
    from restream_agent.systemd.systemctl import Systemd

    commands.require_rights(THIS_MACHINE, "restart")
    require_applied()
    report = checking.check(THIS_MACHINE, None)
    if report.errors:
        check.show(report, is_strict=False)
        click.echo("nothing was restarted", err=True)
        sys.exit(report.exit_code(is_strict=False))
    systemd = Systemd()
    before = restart.look(systemd, status_view.fetch)
    toml_session.apply_now(None, THIS_MACHINE.root, "nothing was restarted")
    units = restart.restart(before, systemd, status_view.fetch)
    relays = restart.relays_that_run_on(before, systemd)
    click.echo(f"restream-agent {package_files.version()} runs; restarted: {', '.join(units) or 'nothing'}")
    if relays:
        click.echo(f"relays that run on, and change at their next start: {', '.join(relays)}")
