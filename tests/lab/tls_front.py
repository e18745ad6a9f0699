"""A TLS server that passes what it receives to a port: the front of a platform that speaks RTMPS.

Runs inside the container, with the standard library alone: tls_front.py ADDRESS PORT CERTIFICATE TO_PORT.
"""

import asyncio
import ssl
import sys
from contextlib import suppress


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def serve(address: str, port: int, certificate: str, to_port: int) -> None:
    """Accept TLS connections, and pass each to the port on 127.0.0.1, for ever."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", to_port)
        await asyncio.gather(_copy(reader, behind_writer), _copy(behind_reader, writer))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(accept, address, port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    address, port, certificate, to_port = sys.argv[1:]
    asyncio.run(serve(address, int(port), certificate, int(to_port)))
