"""A reader of the files that `tap.py` writes, also while it is writing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.flv import is_media
from tests.lab.rtmp import RtmpMessage, RtmpParser
from tests.lab.tap import RECORD


@dataclass(slots=True)
class Connection:
    """One TCP connection: times in seconds of the monotonic clock; `closed` is None while it is open.

    `forgotten` counts the first messages that were dropped from `messages`; `had_media` tells whether any
    of those was audio or video.
    """

    number: int
    opened: float = 0.0
    closed: float | None = None
    messages: list[RtmpMessage] = field(default_factory=list)
    forgotten: int = 0
    had_media: bool = False

    def has_media(self) -> bool:
        """Tell whether media arrived. A client sends media only after its publish was accepted."""
        return self.had_media or any(is_media(message) for message in self.messages)

    def forget(self, before: float) -> None:
        """Drop the messages that arrived before a time, so that a long broadcast fits into memory."""
        kept = [message for message in self.messages if message.arrived >= before]
        self.had_media = self.has_media()
        self.forgotten += len(self.messages) - len(kept)
        self.messages = kept


class TapReader:
    """Follows one tap's directory. `connections` has all TCP connections in the order of their accept."""

    def __init__(self, directory: Path) -> None:
        self.connections: list[Connection] = []
        self._directory = directory
        self._files: list[_TapFile] = []

    def update(self) -> list[Connection]:
        """Read the records written since the last call and return all connections."""
        for path in sorted(self._directory.glob("*.tap"))[len(self._files) :]:
            self._files.append(_TapFile(path))
            self.connections.append(Connection(int(path.stem)))
        for file, connection in zip(self._files, self.connections, strict=True):
            if connection.closed is None:
                file.read_into(connection)
        return self.connections

    def forget(self, before: float) -> None:
        """Drop all messages that arrived before a time; the connections stay."""
        for connection in self.connections:
            connection.forget(before)

    def published(self) -> list[Connection]:
        """Return the connections on which media arrived."""
        return [connection for connection in self.connections if connection.has_media()]

    def media(self) -> list[RtmpMessage]:
        """Return all audio and video messages by arrival, over all connections."""
        messages = [message for connection in self.connections for message in connection.messages]
        return sorted(filter(is_media, messages), key=lambda message: message.arrived)


class _TapFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._parser = RtmpParser()
        self._begun = False

    def read_into(self, connection: Connection) -> None:
        for arrived, data in self._records():
            if data:
                connection.messages += self._parser.feed(data, arrived)
            elif self._begun:
                connection.closed = arrived
            else:
                connection.opened, self._begun = arrived, True

    def _records(self) -> Iterator[tuple[float, bytes]]:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            content = file.read()
        position = 0
        while len(content) - position >= RECORD.size:
            nanoseconds, length = RECORD.unpack_from(content, position)
            end = position + RECORD.size + length
            if end > len(content):
                break  # half a record: the other half is being written
            yield nanoseconds / 1e9, content[position + RECORD.size : end]
            position = end
        self._offset += position
