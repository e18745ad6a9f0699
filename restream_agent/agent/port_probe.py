"""Tries the ingest server's public port with an RTMP handshake, as OBS begins.

SRS can stop listening for good while its API answers and its publishers go on: its accept loop ends at the
first error, and its own limit of connections is such an error.
"""

import asyncio

from restream_agent.rtmp.handshake import ANSWER, hello, reply

_TIMEOUT = 1.0
"""Seconds. On loopback a handshake takes milliseconds; a server under a flood took up to 300 ms."""

_TRIES = 2
"""Failures in a row after which the port counts as dead."""


class PortProbe:
    """Counts the failed tries in a row."""

    def __init__(self, address: str) -> None:
        """`address` is "HOST:PORT"; "" for a port that is never tried."""
        self._address = address
        self.failures = 0

    @property
    def is_dead(self) -> bool:
        """Whether the last tries have all failed."""
        return self.failures >= _TRIES

    async def attempt(self) -> None:
        """Try the port once, unless there is none to try."""
        if not self._address:
            return
        host, _, number = self._address.rpartition(":")
        try:
            await asyncio.wait_for(_shake(host.strip("[]"), int(number)), _TIMEOUT)
        except (TimeoutError, OSError, EOFError):
            self.failures += 1
        else:
            self.failures = 0


async def _shake(host: str, port: int) -> None:
    """Complete a handshake, so that neither server logs a failed one; EOFError if the server ends it."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(hello())
        writer.write(reply(await reader.readexactly(ANSWER)))
        await writer.drain()
    finally:
        writer.close()
