"""Takes the marks out of a relay's log, and sends them to the agent.

ffmpeg prints two lines for each mark (stream/marks.py): its position, then its timestamp and a half.
"""

import re
import socket
from collections.abc import Callable
from contextlib import suppress

from restream_agent.wire.passed_mark import PassedMark

_LINE = re.compile(r"(?:\[Eval @ 0x[0-9a-f]+\] )?(-?[0-9]{1,18})\.([05])00000")


class MarkLines:
    """Reads the lines of one ffmpeg, and calls `send` with each mark."""

    def __init__(self, send: Callable[[PassedMark], None]) -> None:
        self._send = send
        self._position: int | None = None

    def take(self, line: str) -> bool:
        """Whether a line belongs to a mark and so to nobody's log; the second line of a mark sends it."""
        number = _LINE.fullmatch(line)
        if number is None:
            return False
        if number[2] == "0":
            self._position = int(number[1])
        elif self._position is not None:
            # -0.5 is the half of -1; int() would cut "-0" to 0.
            self._send(PassedMark(self._position, int(number[1]) - number[1].startswith("-")))
            self._position = None
        return True


def to_agent(url: str, connection: socket.socket) -> Callable[[PassedMark], None]:
    """Return what sends marks through an unbound UDP socket to where a relay's ffmpeg sends its own reports.

    `url` is in ffmpeg's command and has both addresses: "udp://HOST:PORT?localaddr=OWN". "" loses them.
    """
    address, _, sender = url.removeprefix("udp://").partition("?localaddr=")
    host, _, port = address.rpartition(":")
    with suppress(OSError):
        connection.bind((sender, 0))

    def send(mark: PassedMark) -> None:
        with suppress(OSError):  # nobody listens while the agent is away
            connection.sendto(mark.to_datagram(), socket.MSG_DONTWAIT, (host, int(port or 0)))

    return send
