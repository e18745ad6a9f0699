"""The marks in a relay's log go to the agent, and to no log."""

import socket

import pytest

from restream_agent.launchers.mark_lines import MarkLines, to_agent
from restream_agent.wire.passed_mark import PassedMark


@pytest.mark.parametrize(
    ("timestamp", "read"),
    [
        ("421.500000", 421), ("0.500000", 0), ("-0.500000", -1), ("-45.500000", -46),
        ("2147483647.500000", 2147483647),
    ],
)  # fmt: skip
def test_two_lines_are_a_mark(timestamp: str, read: int) -> None:
    """As ffmpeg 5.1.9 and 7.1.5 print them: the position, then the timestamp and a half."""
    sent = list[PassedMark]()
    lines = MarkLines(sent.append)
    assert lines.take("17889.000000")
    assert lines.take(timestamp)
    assert sent == [PassedMark(17889, read)]


@pytest.mark.parametrize(
    "line",
    [
        "", "17889", "nan", "[flv @ 0x1] 17889.000000", "17889.000000 and more", "17889.250000",
        "9" * 40 + ".000000",
    ],
)  # fmt: skip
def test_every_other_line_is_for_the_log(line: str) -> None:
    """Nothing of it is sent."""
    sent = list[PassedMark]()
    assert not MarkLines(sent.append).take(line)
    assert not sent


def test_other_lines_may_come_in_between() -> None:
    """ffmpeg logs from several threads; a timestamp without a position is nothing."""
    sent = list[PassedMark]()
    lines = MarkLines(sent.append)
    taken = [lines.take(line) for line in ("1.500000", "64.000000", "[rtmp] slow", "2.500000", "3.500000")]
    assert taken == [True, True, False, True, True]
    assert sent == [PassedMark(64, 2)]


def test_marks_go_where_the_reports_of_ffmpeg_go() -> None:
    """From the same address, by which the agent knows the relay; without a listener they are lost."""
    udp = socket.AF_INET, socket.SOCK_DGRAM
    with socket.socket(*udp) as agent, socket.socket(*udp) as relay:
        agent.bind(("127.0.0.1", 0))
        agent.settimeout(10)
        port = agent.getsockname()[1]
        send = to_agent(f"udp://127.0.0.1:{port}?localaddr=127.77.1.2", relay)
        send(PassedMark(64, -2))
        data, (address, _) = agent.recvfrom(100)
        agent.close()
        send(PassedMark(64, -2))
    assert (PassedMark.read(data), address) == (PassedMark(64, -2), "127.77.1.2")


@pytest.mark.parametrize(
    "data", [b"", b"mark 1\n", b"mark -1 2\n", b"mark 1 2", b"total_size=5\n", b"mark 1 2\n\n"]
)
def test_another_datagram_is_no_mark(data: bytes) -> None:
    """The agent's port takes datagrams of any user of this machine."""
    assert PassedMark.read(data) is None
