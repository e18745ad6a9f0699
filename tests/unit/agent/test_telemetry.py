"""What is kept of the program's and the relays' datagrams, and what is watched over time."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import pytest

from restream_agent.agent import telemetry
from restream_agent.agent.telemetry import STALE, Telemetry, discard, receive_progress
from restream_agent.wire import records
from restream_agent.wire.passed_mark import PassedMark
from restream_agent.wire.program_report import MarkReport
from tests.unit.agent.reports import live, program, relay

SENDER = "127.77.1.2"


@dataclass
class FakeClock:
    """The agent's clock, in seconds."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class TelemetryBench:
    """The agent's telemetry, and the senders at the other end of both sockets."""

    clock: FakeClock
    telemetry: Telemetry
    ends: tuple[socket.socket, socket.socket]
    port: socket.socket

    def hear(self, size: int, *, connected: bool = True) -> None:
        """Send what the program sends during a break: the fallback is shown, `size` bytes have come."""
        report = program(source="fallback", held=True, live=live(connected=connected, size=size))
        self.say(records.to_datagram(report))

    def report(self, position: int, **relays: int) -> None:
        """Send what the program sends: its position, and what each relay was sent."""
        rows = {name: relay(sent=sent) for name, sent in relays.items()}
        self.say(records.to_datagram(program(source="live", position=position, relays=rows)))

    @property
    def position(self) -> int:
        """The position in the newest report."""
        assert self.telemetry.report is not None
        return self.telemetry.report.position

    def say(self, data: bytes) -> None:
        self.ends[1].send(data)
        self.telemetry.receive(self.ends[0])

    def progress(self, size: int, *, sender: str = SENDER) -> None:
        """Send what ffmpeg sends, from an address."""
        self._from(sender, f"total_size={size}\nout_time_us={size}\n".encode())

    def pass_on(self, position: int, timestamp: int) -> None:
        """Send what a relay sends when its ffmpeg passes a mark on."""
        self._from(SENDER, PassedMark(position, timestamp).to_datagram())

    def _from(self, sender: str, data: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ffmpeg:
            ffmpeg.bind((sender, 0))
            ffmpeg.sendto(data, self.port.getsockname())
        receive_progress(self.port, dict.fromkeys(self.telemetry.relays, self.telemetry))


@pytest.fixture
def bench() -> Iterator[TelemetryBench]:
    clock = FakeClock()
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    port.bind(("127.0.0.1", 0))
    for one in (ends[0], port):
        one.setblocking(False)
    yield TelemetryBench(clock, Telemetry({SENDER: "twitch", "127.77.1.4": "kick"}, clock), ends, port)
    for one in (*ends, port):
        one.close()


def test_the_newest_report_counts(bench: TelemetryBench) -> None:
    """And its source, until it is STALE."""
    bench.report(1000)
    bench.report(1500)
    assert (bench.position, bench.telemetry.source) == (1500, "live")
    bench.clock.now += STALE + 0.1
    assert bench.telemetry.source is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b'{"other": 1}', b'{"source": "live"}', b"\xff"])
def test_what_is_no_report_is_ignored(bench: TelemetryBench, data: bytes) -> None:
    """The one before stays."""
    bench.report(1000)
    bench.say(data)
    assert (bench.position, bench.telemetry.refused) == (1000, 1)


def test_the_first_of_what_is_no_report_is_logged(
    bench: TelemetryBench, caplog: pytest.LogCaptureFixture
) -> None:
    """With the key that is wrong; the next line comes when there was a report in between."""
    with caplog.at_level(logging.WARNING, logger="restream_agent"):
        for data in (b'{"source": 1}', b"{", b"{"):
            bench.say(data)
        bench.report(1000)
        bench.say(b"{")
    assert caplog.messages[0].startswith("ignored a datagram that is not a report of the program: source: ")
    assert (len(caplog.messages), bench.telemetry.refused) == (2, 4)


def test_a_relay_is_known_by_its_senders_address(bench: TelemetryBench) -> None:
    """Nothing in the datagram says whose it is, and a stranger's counts for nobody."""
    bench.progress(500)
    bench.progress(9000, sender="127.77.1.3")
    assert {name: one.newest.size for name, one in bench.telemetry.deliveries.items()} == {"twitch": 500}


def test_the_program_runs_while_its_position_moves(bench: TelemetryBench) -> None:
    """A source that is silent for a second does not begin it anew; a pause of STALE does."""
    for moment in range(10):
        bench.clock.now = 100.0 + moment
        bench.report(1000 * (moment - moment % 2))
    assert bench.telemetry.running_for == 9.0 - 0.0
    bench.clock.now += STALE + 1
    assert bench.telemetry.running_for == 0
    bench.report(99_000)
    bench.clock.now += 1
    bench.report(100_000)
    assert bench.telemetry.running_for == 1.0


def test_a_program_that_has_sent_nothing_does_not_run(bench: TelemetryBench) -> None:
    """As during the opening: its position is -1."""
    bench.report(-1)
    bench.clock.now += 1
    bench.report(-1)
    assert (bench.telemetry.running_for, bench.telemetry.position) == (0, None)


def test_a_report_of_a_broadcast_that_has_ended_is_not_fresh(bench: TelemetryBench) -> None:
    """Though it came a second ago: a channel that is on air again would be called live."""
    bench.report(1000)
    bench.telemetry.ended_at = bench.clock()
    bench.clock.now += 1
    assert (bench.telemetry.source, bench.telemetry.position) == (None, None)
    bench.report(0)
    assert bench.telemetry.source == "live"


def test_the_position_goes_on_between_reports(bench: TelemetryBench) -> None:
    """At the pace of the wall, in ms."""
    bench.report(1000)
    bench.clock.now += 0.25
    assert bench.telemetry.position == 1250


def test_when_a_relay_takes_something_is_noted(bench: TelemetryBench) -> None:
    """By the bytes that the program could send to it."""
    bench.report(1000, twitch=10, kick=10)
    bench.clock.now += 5
    bench.report(6000, twitch=20, kick=10)
    assert bench.telemetry.taken_at == {"twitch": 105.0, "kick": 100.0}


def test_marks_of_a_relay_are_compared_with_the_program_s(bench: TelemetryBench) -> None:
    """Until the relay connects anew: its positions then mean other tags."""
    marks = (MarkReport(64, 9, 60_000), MarkReport(700, 8, 60_020))

    def report(sent: int) -> float | None:
        row = replace(relay(sent=sent), marks=marks if sent > 1000 else ())
        bench.say(records.to_datagram(program(source="live", position=60_000, relays={"twitch": row})))
        return bench.telemetry.lip_syncs["twitch"].offset(now=bench.clock(), since=0.0)

    bench.pass_on(64, 1000)
    bench.pass_on(700, 1120)
    assert [report(2000), report(500), report(2000)] == [0.1, None, None]


def test_when_a_relay_lacked_a_keyframe_is_noted(bench: TelemetryBench) -> None:
    """Nothing could be given to it then."""
    lacking = relay(sent=10)
    for lacks_keyframe in (True, True, False):
        connections = {"twitch": replace(lacking, lacks_keyframe=lacks_keyframe), "kick": lacking}
        bench.say(records.to_datagram(program(relays=connections)))
        bench.clock.now += 5
    assert bench.telemetry.lacked_at == {"twitch": 105.0}


def test_what_came_while_no_agent_ran_is_thrown_away(bench: TelemetryBench) -> None:
    """It tells how things were."""
    bench.ends[1].send(records.to_datagram(program(source="live")))
    discard(bench.ends[0])
    bench.telemetry.receive(bench.ends[0])
    assert (bench.telemetry.report, bench.telemetry.source) == (None, None)


def test_a_publisher_is_heard_while_its_stream_arrives(bench: TelemetryBench) -> None:
    """Also during a break; not once nothing has arrived for STALE, and not while it is disconnected."""
    heard = []
    for size, connected in ((0, False), (0, True), (10, True), (10, True), (10, True), (20, True)):
        bench.hear(size, connected=connected)
        heard.append(bench.telemetry.is_heard)
        bench.clock.now += STALE / 2 + 0.1
    assert heard == [False, False, True, True, False, True]


def test_a_flood_of_datagrams_lets_the_event_loop_go_on(
    bench: TelemetryBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call takes a bounded number of datagrams, even if the sender is faster than the reader."""
    monkeypatch.setattr(telemetry, "_AT_ONCE", 3)
    taken = 0

    class Endless:
        def recvfrom(self, _: int) -> tuple[bytes, tuple[str, int]]:
            nonlocal taken
            taken += 1
            assert taken < 1000
            return b"", (SENDER, 1)

    endless = cast(socket.socket, Endless())
    bench.telemetry.receive(endless)
    receive_progress(endless, {SENDER: bench.telemetry})
    assert taken < 1000


def test_large_reports_let_the_event_loop_go_on(bench: TelemetryBench) -> None:
    """One of 230 kB takes 70 ms to read: 100 of them would hold up the hooks of every channel for seconds."""
    taken = 0

    class Large:
        def recvfrom(self, _: int) -> tuple[bytes, tuple[str, int]]:
            nonlocal taken
            taken += 1
            return b" " * 230_000, (SENDER, 1)

    bench.telemetry.receive(cast(socket.socket, Large()))
    assert taken == 1


def test_relays_that_do_not_exist_are_not_remembered(bench: TelemetryBench) -> None:
    """A report may name any number of relays; the agent notes those that it knows."""
    bench.report(1000, twitch=1, **{f"stranger{number}": 1 for number in range(100)})
    assert set(bench.telemetry.taken_at) == {"twitch"}


def test_reports_of_relays_go_to_the_channel_whose_relay_sends_them(bench: TelemetryBench) -> None:
    """By the sender's address; all channels share one port."""
    other = Telemetry({"127.77.1.9": "twitch"}, bench.clock)
    for sender in (SENDER, "127.77.1.9", "127.77.1.10"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ffmpeg:
            ffmpeg.bind((sender, 0))
            ffmpeg.sendto(b"total_size=%d" % len(sender), bench.port.getsockname())
    receive_progress(bench.port, {SENDER: bench.telemetry, "127.77.1.9": other})
    assert bench.telemetry.deliveries["twitch"].newest.size == len(SENDER)
    assert other.deliveries["twitch"].newest.size == len("127.77.1.9")
