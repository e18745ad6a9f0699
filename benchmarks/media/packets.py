"""What one platform received, reduced to times and numbers: a broadcast's packets do not fit into memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import flv, marks
from tests.lab.measure import non_monotonic
from tests.lab.rtmp import VIDEO, RtmpMessage
from tests.lab.taps import Connection, TapReader


@dataclass(frozen=True, slots=True)
class Packet:
    """One coded packet: arrival in seconds, the publisher's number (None: not from the publisher)."""

    arrived: float
    number: int | None
    is_picture: bool


@dataclass
class Reception:
    """One platform: packets by arrival; (opened, closed) of each connection with media; timestamp faults."""

    packets: list[Packet] = field(default_factory=list)
    connections: list[tuple[float, float | None]] = field(default_factory=list)
    out_of_order: int = 0


def reception(directory: Path) -> Reception:
    """Read and reduce what a tap has recorded."""
    found = Reception()
    for connection in TapReader(directory).update():
        add(found, connection)
    found.packets.sort(key=lambda packet: packet.arrived)
    return found


def add(found: Reception, connection: Connection) -> None:
    """Add one connection, whose messages are then dropped."""
    if connection.has_media():
        found.connections.append((connection.opened, connection.closed))
        found.out_of_order += non_monotonic(connection.messages)
        found.packets += reduced(connection.messages)
    connection.messages = []


def reduced(messages: Iterable[RtmpMessage]) -> list[Packet]:
    """Reduce the coded messages."""
    return [
        Packet(message.arrived, marks.number_in(message.payload), message.kind == VIDEO)
        for message in messages
        if flv.is_coded(message)
    ]
