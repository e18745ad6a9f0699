"""The connection of `live@`: which tags are read, and when it has ended."""

import socket
from collections.abc import Iterator

import pytest

from restream_agent.program.live_connection import LiveConnection
from restream_agent.stream.flv import HEADER, FlvError, encode
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


def test_what_arrives_is_metered(ends: tuple[LiveConnection, socket.socket]) -> None:
    """The report has the publisher's pictures."""
    connection, far = ends
    far.sendall(HEADER + b"".join(encode(picture(at, 1, is_keyframe=at == 0)) for at in (0, 40, 80)))
    connection.read(1100)
    connection.meter.close_interval(500)
    assert (connection.meter.frames, connection.meter.frame_rate) == (3, 6.0)
