"""The table of walls in docs/security.md: its rows, their units, and what is tried in the units' places."""

import base64
from collections.abc import Mapping
from pathlib import Path

from tests.demo.install import ETC
from tests.lab.outside import THERE
from tests.system.places import Place

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
CONVERT = "restream-fallback-convert@configured.service"
PLACES = {
    "`live@`": Place("live@main.service"),
    "program": Place("fallback.service"),
    "each relay": Place("ffmpeg-relay@alpha.service"),
    "agent": Place("restream-agent.service"),
    "notifier": Place("restream-notify.service"),
    "preparation": Place("restream-fallback-prepare.service"),
    "conversion": Place(CONVERT),
    "apply": Place("restream-apply.service"),
    # OBS leaves when its server restarts.
    "ingest server": Place("restream-ingest.service"),
    "forget": Place("restream-forget.service"),
    "off-air": Place("restream-off-air.service"),
}
RUNNING = (
    "restream-ingest",
    "live@main",
    "fallback",
    "ffmpeg-relay@alpha",
    "ffmpeg-relay@beta",
    "restream-agent",
)
SEEING = ("program", "apply", "forget", "off-air")
"""The places that see the processes of other units."""

COLUMNS = {"reads": "reads", "writes": "writes", "connects": "connects to", "starts": "starts"}
"""What the probe calls an attempt, and the column that has it."""

DIRECTORIES = (
    ETC, "/etc/systemd/system", "/run", "/run/restream", "/run/restream/operator", "/run/restream-agent",
    "/run/restream-program", "/run/restream-ingest", "/run/ffmpeg-relay-alpha", "/run/ffmpeg-relay-beta",
    "/run/systemd", "/var/lib/restream-agent", "/var/lib/restream-agent/fallback", "/var/lib/restream-notify",
)  # fmt: skip
ADDRESSES = {
    "`live.sock`": "/run/restream/live.sock",
    "`relay.sock`": "/run/restream/relay.sock",
    "`telemetry.sock`": "/run/restream/telemetry.sock",
    "`notify.sock`": "/run/restream/notify.sock",
    "loopback": "127.0.0.1:8085",
    "the internet": f"{THERE}:9",
}
UNITS = (
    "restream-forget.service", "restream-fallback-prepare.service", "restream-apply.service",
    "systemd-tmpfiles-clean.service",
)  # fmt: skip
NOTIFY = '\n[notify]\ncommand = ["/bin/true"]\n'
NOTIFY_POLICY = 'commands = [["/bin/true"]]\n'
"""What the machine's policy has to allow for NOTIFY."""
_NOTHING = "\N{EN DASH}"


def table() -> dict[str, dict[str, set[str]]]:
    """Return the table of walls: by place and column, what is allowed."""
    section = PAGE.read_text().partition("\n## Walls between the units\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    columns = rows[0][2:]
    return {
        row[0]: {
            column: {word.strip() for word in cell.split(",")} - {_NOTHING}
            for column, cell in zip(columns, row[2:], strict=True)
        }
        for row in rows[2:]
    }


def targets(secrets: Mapping[str, str], processes: Mapping[str, int]) -> dict[str, object]:
    """Return what the probe tries. The secrets are encoded, so that it does not find them in its own file."""
    return {
        "secrets": {name: base64.b64encode(value.encode()).decode() for name, value in secrets.items()},
        "places": [ETC, "/run", "/var/lib/restream-agent", "/var/lib/private"],
        "directories": DIRECTORIES,
        "addresses": ADDRESSES,
        "units": UNITS,
        "processes": {unit: pid for unit, pid in processes.items() if pid},
    }
