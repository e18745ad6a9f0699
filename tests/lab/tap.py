"""A TCP proxy that records what a client sends, with arrival times.

Run as `tap.py LISTEN_PORT UPSTREAM_PORT DIRECTORY REFUSER_PORT` inside the container; it imports only the
standard library. For each connection it writes DIRECTORY/NNNN.tap, a sequence of records: arrival time as
nanoseconds of the monotonic clock (8 bytes, big-endian), length (4 bytes), the data. The first record is
empty and marks the accept; the last record is empty and marks the end.

DIRECTORY/behaviour holds one of BEHAVIOURS and any second word; the tap reads it every LOOK_SECONDS. It
copies the content to DIRECTORY/behaviour.seen once it behaves that way.

DIRECTORY/port holds the port once the tap listens: with LISTEN_PORT 0 the kernel chooses a free one.
"""

import asyncio
import socket
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

RECORD = struct.Struct(">QI")
READ_BYTES = 65536
LOOK_SECONDS = 0.02
FIN_SECONDS = 0.2  # between FIN and close: data that arrives meanwhile must not cause a reset
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s


@dataclass(frozen=True)
class Behaviour:
    """How existing connections end ("fin", "reset", or "" for not at all), and how new ones are treated."""

    ends: str = ""
    reads: bool = True
    is_refused: bool = False


BEHAVIOURS = {
    "pass": Behaviour(),
    "close": Behaviour(ends="fin"),
    "reset": Behaviour(ends="reset"),
    "refuse": Behaviour(ends="fin", is_refused=True),
    "deaf": Behaviour(reads=False),
    "mute": Behaviour(ends="fin", reads=False),
}


def note(file: BinaryIO, data: bytes) -> None:
    """Append one record. The file is unbuffered: a killed tap has recorded everything it passed on."""
    file.write(RECORD.pack(time.monotonic_ns(), len(data)) + data)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, file: BinaryIO | None) -> None:
    """Pass bytes on until the sender ends, then close the other side."""
    try:
        while data := await reader.read(READ_BYTES):
            if file:
                note(file, data)
            writer.write(data)
            await writer.drain()
    except (OSError, RuntimeError):
        pass  # a reset ends the direction, and so does closing it ourselves
    finally:
        writer.close()


class Tap:
    """The proxy: its directory, its upstream ports, and its current behaviour."""

    def __init__(self, upstream: int, directory: Path, refuser: int) -> None:
        self._upstream, self._refuser = upstream, refuser
        self._directory = directory
        self._behaviour = BEHAVIOURS["pass"]
        self._reads = asyncio.Event()
        self._reads.set()
        self._clients: set[asyncio.StreamWriter] = set()
        # After a restart the numbers continue.
        self._count = len(list(directory.glob("*.tap")))

    async def serve(self, listen: int) -> None:
        """Accept connections on loopback for ever."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", listen, limit=READ_BYTES)
        unfinished = self._directory / "port.new"
        unfinished.write_text(str(server.sockets[0].getsockname()[1]))
        unfinished.rename(self._directory / "port")
        await asyncio.gather(server.serve_forever(), self._follow())

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        self._clients.add(writer)
        with (self._directory / f"{self._count:04}.tap").open("wb", buffering=0) as file:
            note(file, b"")
            try:
                if not self._behaviour.reads:
                    writer.transport.pause_reading()  # type: ignore[attr-defined]
                    await self._reads.wait()
                port = self._refuser if self._behaviour.is_refused else self._upstream
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(pump(reader, up_writer, file), pump(up_reader, writer, None))
            except OSError:
                writer.close()
            finally:
                note(file, b"")
                self._clients.discard(writer)

    async def _follow(self) -> None:
        asked, seen = self._directory / "behaviour", self._directory / "behaviour.seen"
        while True:
            words = asked.read_text() if asked.exists() else ""
            if words and (not seen.exists() or seen.read_text() != words):
                await self._behave(BEHAVIOURS[words.split()[0]])
                seen.write_text(words)
            await asyncio.sleep(LOOK_SECONDS)

    async def _behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        standing = tuple(self._clients)
        if behaviour.ends:
            await asyncio.gather(*(_end(writer, behaviour.ends) for writer in standing))
        elif not behaviour.reads:
            for writer in standing:
                writer.transport.pause_reading()  # type: ignore[attr-defined]
        if behaviour.reads:
            for writer in standing:
                if not writer.transport.is_closing():
                    writer.transport.resume_reading()  # type: ignore[attr-defined]
            self._reads.set()
        else:
            self._reads.clear()


async def _end(writer: asyncio.StreamWriter, how: str) -> None:
    if writer.transport.is_closing():
        return
    if how == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
        return
    with suppress(OSError):  # the client has reset the connection meanwhile
        writer.write_eof()
    await asyncio.sleep(FIN_SECONDS)
    writer.close()


async def main() -> None:
    """Serve until killed."""
    listen, upstream, directory, refuser = sys.argv[1:]
    await Tap(int(upstream), Path(directory), int(refuser)).serve(int(listen))


if __name__ == "__main__":
    asyncio.run(main())
