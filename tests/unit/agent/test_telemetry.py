"""What is kept of the program's and the relays' datagrams, and what is watched over time."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from restream_agent.agent.telemetry import STALE, Telemetry, discard

SENDER = "127.77.1.2"


@dataclass
class Clock:
    """The agent's clock, in seconds."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """An agent's end of both sockets, and senders."""

    clock: Clock
    telemetry: Telemetry
    ends: tuple[socket.socket, socket.socket]
    port: socket.socket

    def report(self, position: int, **relays: int) -> None:
        """Send what the program sends: its position, and what each relay was sent."""
        rows = {name: {"sent": sent} for name, sent in relays.items()}
        self.say(json.dumps({"source": "live", "since": 0, "position": position, "relays": rows}).encode())

    def say(self, data: bytes) -> None:
        self.ends[1].send(data)
        self.telemetry.receive(self.ends[0])

    def progress(self, size: int, *, sender: str = SENDER) -> None:
        """Send what ffmpeg sends, from an address."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ffmpeg:
            ffmpeg.bind((sender, 0))
            ffmpeg.sendto(f"total_size={size}\nout_time_us={size}\n".encode(), self.port.getsockname())
        self.telemetry.receive_progress(self.port)


@pytest.fixture
def stage() -> Iterator[Stage]:
    clock = Clock()
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.bind(("127.0.0.1", 0))
    for one in (ends[0], port):
        one.setblocking(False)
    yield Stage(clock, Telemetry({SENDER: "twitch"}, clock), ends, port)
    for one in (*ends, port):
        one.close()


def test_the_newest_report_counts(stage: Stage) -> None:
    """And its source, until it is STALE."""
    stage.report(1000)
    stage.report(1500)
    assert (stage.telemetry.report["position"], stage.telemetry.source) == (1500, "live")
    stage.clock.now += STALE + 0.1
    assert stage.telemetry.source is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b'{"other": 1}', b"\xff"])
def test_what_is_no_report_is_ignored(stage: Stage, data: bytes) -> None:
    """The one before stays."""
    stage.report(1000)
    stage.say(data)
    assert stage.telemetry.report["position"] == 1000


def test_a_relay_is_known_by_its_senders_address(stage: Stage) -> None:
    """Nothing in the datagram says whose it is, and a stranger's counts for nobody."""
    stage.progress(500)
    stage.progress(9000, sender="127.77.1.3")
    assert {name: one.newest.size for name, one in stage.telemetry.deliveries.items()} == {"twitch": 500}


def test_the_program_runs_while_its_position_moves(stage: Stage) -> None:
    """A source that is silent for a second does not begin it anew; a pause of STALE does."""
    for moment in range(10):
        stage.clock.now = 100.0 + moment
        stage.report(1000 * (moment - moment % 2))
    assert stage.telemetry.running_for == 9.0 - 0.0
    stage.clock.now += STALE + 1
    assert stage.telemetry.running_for == 0
    stage.report(99_000)
    stage.clock.now += 1
    stage.report(100_000)
    assert stage.telemetry.running_for == 1.0


def test_a_program_that_has_sent_nothing_does_not_run(stage: Stage) -> None:
    """As during the opening: its position is -1."""
    stage.report(-1)
    stage.clock.now += 1
    stage.report(-1)
    assert (stage.telemetry.running_for, stage.telemetry.position) == (0, None)


def test_the_position_goes_on_between_reports(stage: Stage) -> None:
    """At the pace of the wall, in ms."""
    stage.report(1000)
    stage.clock.now += 0.25
    assert stage.telemetry.position == 1250


def test_when_a_relay_takes_something_is_noted(stage: Stage) -> None:
    """By the bytes that the program could send to it."""
    stage.report(1000, twitch=10, kick=10)
    stage.clock.now += 5
    stage.report(6000, twitch=20, kick=10)
    assert stage.telemetry.taken_at == {"twitch": 105.0, "kick": 100.0}


def test_what_came_while_no_agent_ran_is_thrown_away(stage: Stage) -> None:
    """It tells how things were."""
    stage.ends[1].send(b'{"source": "live"}')
    discard(stage.ends[0])
    stage.telemetry.receive(stage.ends[0])
    assert stage.telemetry.report == dict[str, Any]()
