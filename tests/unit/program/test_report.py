"""What the program reports of itself."""

import socket
import struct
from pathlib import Path

import pytest

from restream_agent.program.crash_state import BEGINS_AT, Remainder
from restream_agent.program.meter import Meter
from restream_agent.program.relay_connection import RelayConnection
from restream_agent.program.report import ProgramState, hand_offs
from restream_agent.stream.fanout import RelayQueue
from restream_agent.stream.flv import SCRIPT, Tag
from restream_agent.stream.hand_off import HandOff, Settings, Source
from restream_agent.stream.hand_offs import BUCKETS, HandOffLog
from restream_agent.stream.splice import Splice
from restream_agent.stream.timeline import Timeline
from restream_agent.wire import records
from restream_agent.wire.program_report import HandOffReport, ProgramReport
from tests.unit.stream.flv_making import picture, sound, stream


def metadata(**numbers: float) -> Tag:
    """Return an onMetaData tag as encoders send it: AMF 0, an ECMA array of numbers."""
    body = b"\x02\x00\x0aonMetaData\x08" + struct.pack(">I", len(numbers))
    for name, number in numbers.items():
        body += struct.pack(">H", len(name)) + name.encode() + b"\x00" + struct.pack(">d", number)
    return Tag(SCRIPT, 0, body + b"\x00\x00\x09")


def test_a_hand_off_is_reported_with_how_long_ago_it_was() -> None:
    """In ms before the report."""
    log = HandOffLog(4900)
    log.sent(HandOff("drop", Source.FALLBACK, 5000), 5000)
    report = hand_offs(log, 6000)
    assert report.recent == (HandOffReport("drop", "fallback", 1000, 100),)
    assert (report.bounds, report.kinds["drop"].count) == (BUCKETS, 1)


def test_the_agent_reads_what_the_program_reports() -> None:
    """Before the first packet, too, with a position of -1 and no publisher."""
    splice = Splice(Settings(), tuple, Timeline({}), now=0, resumed=False)
    report = ProgramState(BEGINS_AT + 10, -1, splice, HandOffLog(None), []).report()
    assert ProgramReport.read(records.to_datagram(report)) == report
    assert (report.source, report.cause, report.since, report.live.connected) == ("none", "start", 10, False)


def test_the_picture_s_size_is_read_from_the_metadata() -> None:
    """As OBS sends it."""
    meter = Meter()
    meter.count(metadata(width=1280.0, height=720.0), 0)
    assert meter.shape.size == (1280, 720)


def test_the_age_is_that_of_the_size() -> None:
    """A measure of some seconds divides one by the other: bytes that came after the interval do not count."""
    meter = Meter()
    meter.count(sound(0, 1), 100)
    meter.close_interval(500)
    size = meter.size
    meter.close_interval(700)
    meter.count(sound(0, 1), 1300)
    splice = Splice(Settings(), tuple, Timeline({}), now=0, resumed=False)
    found = ProgramState(1400, -1, splice, HandOffLog(None), [], meter).report().live
    assert (found.size, found.age) == (size, 1200)


def test_each_connection_is_told_from_the_others() -> None:
    """Two looks that saw streams of different connections do not measure one stream."""
    splice = Splice(Settings(), tuple, Timeline({}), now=0, resumed=False)
    meters = (Meter(), Meter())
    found = [ProgramState(0, -1, splice, HandOffLog(None), [], meter).report().live for meter in meters]
    assert found[0].connection == meters[0].connection != found[1].connection
    assert found[0].connection


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 1e300])
def test_a_size_that_cannot_be_is_not_known(number: float) -> None:
    """A publisher's metadata may hold any number; none ends the program."""
    meter = Meter()
    meter.count(metadata(width=number, height=number), 0)
    assert meter.shape.size == (0, 0)


def test_the_report_has_what_live_waits_for() -> None:
    """And the age of the last keyframe, which is not known before the first."""
    meter = Meter()
    splice = Splice(Settings(), tuple, Timeline({}), now=0, resumed=False)
    splice.live_started(100)
    splice.live_tag(picture(0, 1, is_keyframe=False), 1000)
    state = ProgramState(1200, -1, splice, HandOffLog(None), [], meter)
    found = state.report().live
    assert (found.waits_for, found.waited, found.keyframe_age) == ("keyframe", 1100, None)
    meter.count(picture(0, 1, is_keyframe=True), 300)
    assert state.report().live.keyframe_age == 900


def test_a_relay_that_lacks_a_keyframe_is_reported(tmp_path: Path) -> None:
    """Once the program has begun: before that there is nothing for any relay."""
    near, far = socket.socketpair()
    with near, far:
        relay = RelayConnection(near, "relay-kick-1", RelayQueue(), Remainder(tmp_path, "relay-kick-1"))
        splice = Splice(Settings(), lambda: stream(0, 0, 1000), Timeline(), now=0, resumed=False)
        found = []
        for now in (1000, 6000):
            splice.tick(now)
            state = ProgramState(now, -1, splice, HandOffLog(None), [relay])
            found.append(state.report().relays["kick"].lacks_keyframe)
    assert found == [False, True]


def test_the_report_has_speed_and_lateness_of_the_stream() -> None:
    """As the meter measured them: 10 s at half the speed."""
    meter = Meter()
    for at in range(0, 12_000, 80):
        meter.count(sound(at // 2, 1), at)
        if at % 400 == 0:
            meter.pace.measure(at)
    splice = Splice(Settings(), tuple, Timeline({}), now=0, resumed=False)
    report = ProgramState(12_000, -1, splice, HandOffLog(None), [], meter).report()
    assert report.live.speed == pytest.approx(0.5, abs=0.05)
    assert report.live.late == pytest.approx(5000, abs=1500)
