"""Plays a stream until one side goes: bytes from the ingest server in, FLV to the program out."""

import select
import time

from restream_agent.player.connections import ProgramConnection, ProgramGoneError, ServerConnection
from restream_agent.player.stream_url import StreamUrl
from restream_agent.rtmp.errors import NoConnectionError, StreamEndedError
from restream_agent.rtmp.play import Player
from restream_agent.systemd.sd_notify import ServiceManager

_UNTIL_PLAYING = 10.0
"""Seconds for connecting, and for all that is said before the stream."""


def play(url: StreamUrl, path: str, manager: ServiceManager) -> None:
    """Play the stream at `url` into the program's socket at `path`.

    systemd is told as soon as the server will send the stream. Raises PlayError or ProgramGoneError,
    whichever side goes first.
    """
    poll = select.poll()
    deadline: float | None = time.monotonic() + _UNTIL_PLAYING
    server = ServerConnection(url.host, url.port, poll)
    program = ProgramConnection(path, poll)
    player = Player(url.application, url.stream, url.of_application)
    server.send(player.outgoing())
    while True:
        ready = poll.poll(None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000)
        if not ready:
            raise NoConnectionError(f"the server has not begun to play within {_UNTIL_PLAYING:.0f} s")
        if any(descriptor != server.descriptor for descriptor, _ in ready):
            raise ProgramGoneError("the program closed the connection")
        data = server.read()
        if not data:
            raise player.closed()
        if tags := player.feed(data):
            program.send(tags)
        if player.has_ended:
            raise StreamEndedError("the publisher has gone")
        if out := player.outgoing():
            server.send(out)
        if deadline is not None and player.is_playing:
            deadline = None
            manager.send("READY=1")
