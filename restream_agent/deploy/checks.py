"""Checks around an apply: the new files and the ports before it, the running servers after it."""

import socket
import tempfile
import time
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.endpoints import API, HOOKS
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.model import Config
from restream_agent.deploy import server_test
from restream_agent.deploy.findings import refuse_faults
from restream_agent.deploy.port_findings import judge_ports
from restream_agent.deploy.port_look import look_at_ports, running_owners
from restream_agent.render.facts import Facts
from restream_agent.systemd import systemctl, unit_names

_START_TIMEOUT = 15.0
"""Seconds. A server accepts connections this soon after its start, or has failed to start."""


def check_staged(config: Config, facts: Facts, desired: Tree) -> None:
    """Have systemd and the ingest server check the new files, before one of them is installed.

    Raises RestreamError with their output.
    """
    with tempfile.TemporaryDirectory(prefix="restream-stage-") as name:
        stage = Path(name)
        for path, entry in desired.items():
            if isinstance(entry, File) and not path.startswith(paths.INLINE_KEYS):
                place = files.locate(stage, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch(mode=0o600)
                place.write_text(entry.content)
        units = files.locate(stage, paths.UNITS)
        systemctl.verify(units, sorted(unit.name for unit in units.iterdir() if unit.is_file()))
    if config.ingest.manage:
        server_test.check_configuration(config, facts, desired)


def check_ports(config: Config, manager: systemctl.Systemd) -> None:
    """Raise RestreamError for a port that its unit cannot have, before anything is changed."""
    refuse_faults(judge_ports(look_at_ports(config, running_owners(manager))))


def is_own_address(host: str) -> bool:
    """Whether a host's name or address is this machine's. No name is looked up in the network."""
    if host.casefold() in (socket.gethostname().casefold(), f"{socket.gethostname()}.local".casefold()):
        return True
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((str(IPv4Address(host)), 0))
    except (OSError, AddressValueError):
        return False
    return True


def check_running(config: Config, manager: systemctl.Systemd, stopped: frozenset[str]) -> None:
    """Wait until the agent and the ingest server accept connections, up to 15 s each.

    `stopped` are the units that were stopped by hand before the apply; they are not checked. Raises
    RestreamError with the last lines of the unit's journal.
    """
    units = {HOOKS: unit_names.AGENT_UNIT}
    if config.ingest.manage:
        units[API] = unit_names.INGEST_UNIT
    units = {address: unit for address, unit in units.items() if unit not in stopped}
    for address, unit in units.items():
        deadline = time.monotonic() + _START_TIMEOUT
        while not _answers(address):
            if time.monotonic() > deadline:
                raise _not_running(unit, f"does not answer at {address}", manager)
            time.sleep(0.05)
    states = manager.active(*units.values())
    for unit in units.values():
        if states.get(unit) not in ("active", "activating", "reloading"):
            raise _not_running(unit, "did not start", manager)


def _not_running(unit: str, reason: str, manager: systemctl.Systemd) -> RestreamError:
    lines = "\n".join(f"  {line}" for line in manager.last_words(unit))
    return RestreamError(f"{unit} {reason}; its journal ends with:\n{lines}", hint=f"journalctl -u {unit}")


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except OSError:
        return False
