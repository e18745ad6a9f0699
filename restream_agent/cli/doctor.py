"""The command `restream-agent doctor`."""

import json
import sys
from pathlib import Path

import click

from restream_agent.cli.options import config_option, explained, json_option


@click.command()
@config_option
@click.option("--network", "has_network", is_flag=True, help="Also try each platform's server.")
@json_option
@explained
def doctor(given: Path | None, has_network: bool, as_json: bool) -> None:
    """Look at the machine for what `check` cannot see.

    It looks at systemd, polkit and its rule, our units, ports, ffmpeg, the ingest server, every file that a
    unit reads, fonts, disk and clock, and names the command that mends what is wrong. Nothing is changed.
    With --network each enabled platform's name is resolved, its server connected to, and its certificate
    checked; nothing is sent there.

    The exit code is 1 for a fault, 0 otherwise, also with warnings.
    """
    from restream_agent.cli import doctor_view, paint
    from restream_agent.deploy import doctor

    found = doctor.examine(given, has_network=has_network)
    if as_json:
        click.echo(json.dumps(doctor_view.as_record(found), indent=2, ensure_ascii=False))
    else:
        paint.show(doctor_view.text(found))
    sys.exit(doctor_view.exit_code(found))
