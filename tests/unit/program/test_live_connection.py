"""The connection of `live@`: which tags are read, and when it has ended."""

import socket
from collections.abc import Iterator

import pytest

from restream_agent.program.live_connection import LiveConnection, RuleBreaks
from restream_agent.stream.flv import AUDIO, HEADER, VIDEO, FlvError, Tag, encode
from restream_agent.stream.input_rules import (
    LARGEST_HEADER,
    MOST_BYTES,
    MOST_HEADERS,
    MOST_TAGS,
    InputRules,
)
from tests.unit.stream.flv_making import picture, sound


@pytest.fixture
def ends() -> Iterator[tuple[LiveConnection, socket.socket]]:
    """Return a connection that began at 1000 ms, and the other end of it."""
    near, far = socket.socketpair()
    connection = LiveConnection(near, 1000)
    yield connection, far
    connection.close()
    far.close()


def test_tags_are_returned_when_they_are_complete(ends: tuple[LiveConnection, socket.socket]) -> None:
    """A tag that has arrived in part is returned with its last byte."""
    connection, far = ends
    first, second = picture(0, 1, is_keyframe=True), sound(10, 1)
    far.sendall(HEADER + encode(first) + encode(second)[:-1])
    assert connection.read(1100) == [first]
    far.sendall(encode(second)[-1:])
    assert connection.read(1200) == [second]


def test_the_tags_of_a_connection_are_on_one_clock(ends: tuple[LiveConnection, socket.socket]) -> None:
    """Timestamps wrap at 2**32 ms, which is 49.7 days of a camera."""
    connection, far = ends
    sent = [picture(2**32 - 40 + at, 1, is_keyframe=at == 0) for at in range(0, 120, 40)]
    far.sendall(HEADER + b"".join(map(encode, sent)))
    assert connection.read(1100) == sent


def test_a_recovery_point_is_a_keyframe_of_a_stream_without(
    ends: tuple[LiveConnection, socket.socket],
) -> None:
    """With intra-refresh there is no other."""
    connection, far = ends
    body = b"\x27\1\0\0\0" + b"\0\0\0\5\6\6\1\xc4\x80" + b"\0\0\0\2\x41\x9a"
    far.sendall(HEADER + encode(Tag(VIDEO, 0, body)) + encode(Tag(VIDEO, 40, body)))
    read = connection.read(1100)
    assert read == [Tag(VIDEO, at, b"\x17" + body[1:]) for at in (0, 40)]


def test_a_connection_without_data_is_silent(ends: tuple[LiveConnection, socket.socket]) -> None:
    """Silence is counted from the last data, or from the beginning of the connection."""
    connection, far = ends
    assert connection.read(1400) == []
    assert [connection.is_silent(1500, limit) for limit in (499, 500)] == [True, False]
    far.sendall(HEADER)
    connection.read(1500)
    assert [connection.is_silent(1600, limit) for limit in (99, 100)] == [True, False]


def test_a_closed_connection_has_ended(ends: tuple[LiveConnection, socket.socket]) -> None:
    """`live@` has stopped, or has lost the stream."""
    connection, far = ends
    far.close()
    assert connection.read(1100) is None


def test_data_that_are_not_flv_are_an_error(ends: tuple[LiveConnection, socket.socket]) -> None:
    """The program then closes the connection."""
    connection, far = ends
    far.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(FlvError):
        connection.read(1100)


NOTHING = Tag(AUDIO, 0, b"")
HEADERS = [Tag(VIDEO, 0, bytes([0x17, 0, number])) for number in range(MOST_HEADERS + 1)]
RULES = {
    "899000 ms after its time": [Tag(VIDEO, 0, b"\x17\x01" + (899_000).to_bytes(3, "big") + bytes(8))],
    "-2001 ms after its time": [Tag(VIDEO, 0, b"\x27\x01" + (2**24 - 2001).to_bytes(3, "big") + bytes(8))],
    "no decoder parameters": [Tag(VIDEO, 0, b"\x17\x00" + bytes(LARGEST_HEADER))],
    "headers in a second": HEADERS,
    "tags in a second": [NOTHING] * (MOST_TAGS + 1),
    "bytes in a second": [Tag(AUDIO, 0, bytes(MOST_BYTES // 8))] * 9,
}


@pytest.mark.parametrize(("rule", "tags"), RULES.items(), ids=RULES)
def test_a_tag_that_breaks_a_rule_is_an_error(rule: str, tags: list[Tag]) -> None:
    """The words say which rule, with what was sent. The tags before it break none."""
    rules = InputRules()
    for tag in tags[:-1]:
        rules.check(tag, 500)
    with pytest.raises(FlvError, match=rule):
        rules.check(tags[-1], 999)
    InputRules().check(NOTHING, 999)


def test_counts_begin_anew_with_every_second() -> None:
    """A stream may go on as long as it likes."""
    rules = InputRules()
    for second in range(5):
        for tag in HEADERS[1:]:
            rules.check(tag, 1000 * second)


def test_a_broken_rule_ends_the_connection(ends: tuple[LiveConnection, socket.socket]) -> None:
    """The tag reaches nobody."""
    connection, far = ends
    far.sendall(HEADER + encode(RULES["899000 ms after its time"][0]))
    with pytest.raises(FlvError, match="899000 ms"):
        connection.read(1100)


def test_rules_that_are_broken_again_and_again_are_logged_five_times_a_minute() -> None:
    """The fifth line says so."""
    breaks = RuleBreaks()
    words = [breaks.words("too large", 100 * number) for number in range(700)]
    assert words[:6] == ["too large"] * 4 + ["too large; more of these are not logged for a minute", ""]
    assert [number for number, line in enumerate(words) if line][5:] == [600, 601, 602, 603, 604]


def test_what_arrives_is_metered(ends: tuple[LiveConnection, socket.socket]) -> None:
    """The report has the publisher's pictures."""
    connection, far = ends
    far.sendall(HEADER + b"".join(encode(picture(at, 1, is_keyframe=at == 0)) for at in (0, 40, 80)))
    connection.read(1100)
    connection.meter.close_interval(500)
    assert (connection.meter.frames, connection.meter.frame_rate) == (3, 6.0)
