"""A TCP proxy that writes down what a client sends, and when: `tap.py LISTEN_PORT UPSTREAM_PORT DIRECTORY`.

Runs alone inside the container (no imports of ours). For each connection it makes DIRECTORY/NNNN.tap, a
sequence of records: arrival time as nanoseconds of the monotonic clock (8 bytes, big-endian), length (4
bytes), that many bytes. The first record is empty and marks the accept; the last one is empty and marks the
end.
"""

import asyncio
import itertools
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO

RECORD = struct.Struct(">QI")
READ_BYTES = 65536


def note(file: BinaryIO, data: bytes) -> None:
    """Append one record; the file is unbuffered, so a killed tap loses nothing it has passed on."""
    file.write(RECORD.pack(time.monotonic_ns(), len(data)) + data)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, file: BinaryIO | None) -> None:
    """Pass bytes on until the sender ends, then end the other direction too."""
    try:
        while data := await reader.read(READ_BYTES):
            if file:
                note(file, data)
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # a reset is an end like any other
    finally:
        writer.close()


async def serve(listen: int, upstream: int, directory: Path) -> None:
    """Accept connections on loopback for ever."""
    numbers = itertools.count(1)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (directory / f"{next(numbers):04}.tap").open("wb", buffering=0) as file:
            note(file, b"")
            try:
                up_reader, up_writer = await asyncio.open_connection("127.0.0.1", upstream)
                await asyncio.gather(pump(reader, up_writer, file), pump(up_reader, writer, None))
            except OSError:
                writer.close()
            finally:
                note(file, b"")

    server = await asyncio.start_server(connected, "127.0.0.1", listen, limit=READ_BYTES)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
