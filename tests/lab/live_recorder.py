"""Stands in the program's place: `python3 -S live_recorder.py SOCKET DIRECTORY`, inside the container.

It accepts the connections of `live@` one after another and writes what each brings to DIRECTORY/stream-N,
in blocks: nanoseconds of the monotonic clock (8 bytes), length (4 bytes), data. Standard library only.
"""

import select
import socket
import sys
import time
from io import FileIO
from pathlib import Path

READ_BYTES = 65536


def main(path: Path, directory: Path) -> None:
    """Record until killed."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o777)  # live@ has a user of its own
    listener.listen()
    files: dict[int, tuple[socket.socket, FileIO]] = {}
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == listener.fileno():
                connection, _ = listener.accept()
                poll.register(connection, select.POLLIN)
                files[connection.fileno()] = (
                    connection,
                    (directory / f"stream-{len(files)}").open("wb", buffering=0),
                )
                continue
            connection, file = files[descriptor]
            data = connection.recv(READ_BYTES)
            file.write(time.monotonic_ns().to_bytes(8, "big") + len(data).to_bytes(4, "big") + data)
            if not data:
                poll.unregister(connection)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
