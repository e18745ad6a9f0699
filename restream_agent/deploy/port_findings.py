"""The ports that our units listen on, and what is said of one that its unit cannot have. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from restream_agent.base.endpoints import API, HOOKS, PROGRESS
from restream_agent.base.one_line import printable
from restream_agent.config.model import Config
from restream_agent.deploy.findings import Finding, fault, ok
from restream_agent.systemd import unit_names

OWNERS = (unit_names.AGENT_SOCKET, unit_names.INGEST_UNIT)
"""The units that listen on ports."""


class PortState(StrEnum):
    """Whose a port is."""

    FREE = "free"
    OURS = "ours"
    TAKEN = "taken"
    FOREIGN = "foreign"  # the address is not this machine's


@dataclass(frozen=True)
class Port:
    """A port that a unit of ours listens on ("HOST:PORT"), over UDP or else TCP."""

    address: str
    unit: str
    is_udp: bool = False

    @property
    def number(self) -> str:
        """The port alone."""
        return self.address.rpartition(":")[2]

    @property
    def title(self) -> str:
        """The address as messages name it."""
        return f"UDP {self.address}" if self.is_udp else self.address


@dataclass(frozen=True)
class PortOwner:
    """Whose a port is; of a port that is TAKEN the process that has it, "" if nobody knows."""

    state: PortState
    process: str = ""


def ports(config: Config) -> tuple[Port, ...]:
    """Return the ports that the units of a configuration listen on."""
    agent = unit_names.AGENT_SOCKET
    ours = [Port(PROGRESS, agent, is_udp=True), Port(HOOKS, agent)]
    if config.ingest.manage:
        ours += [Port(config.ingest.listen, unit_names.INGEST_UNIT), Port(API, unit_names.INGEST_UNIT)]
    return tuple(ours)


def judge_ports(owners: Mapping[Port, PortOwner]) -> Iterator[Finding]:
    """Yield a fault for each port that its unit cannot have, and one line for all others."""
    for port, owner in owners.items():
        if owner.state is PortState.TAKEN:
            who = f" ({printable(owner.process)})" if owner.process else ""
            words = f"{port.title}, which {port.unit} needs, is in use by another program{who}"
            flags = "-lunp" if port.is_udp else "-ltnp"
            yield fault("ports", words, f"see which: ss {flags} 'sport = :{port.number}'")
        elif owner.state is PortState.FOREIGN:
            words = f"{port.title}, where {port.unit} is to listen, is no address of this machine"
            yield fault("ports", words, "see those that are: ip -brief address")
    states = {port: owner.state for port, owner in owners.items()}
    for state, words in ((PortState.OURS, "used by our units"), (PortState.FREE, "free")):
        titles = [port.title for port in states if states[port] is state]
        if titles:
            yield ok("ports", f"{', '.join(titles)}: {words}")
