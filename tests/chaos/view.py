"""The source that each platform receives now, by its newest keyframe. Equal keyframes are decoded once."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.flv import file_of, is_keyframe, is_video_header
from tests.lab.picture import glance
from tests.lab.platform import PlatformServer
from tests.lab.rtmp import RtmpMessage
from tests.lab.taps import Connection

REMEMBERED = 200  # decoded keyframes; those of the fallback come again and again


DecodableKeyframe = tuple[RtmpMessage, RtmpMessage]  # a sequence header and the keyframe to decode with it


@dataclass(frozen=True)
class SourceChange:
    """A platform received another source than before; `time` is the arrival of its keyframe."""

    platform: str
    source: str
    time: float


class View:
    """Reads every platform when polled. Times are seconds of the monotonic clock."""

    def __init__(self, platforms: Mapping[str, PlatformServer]) -> None:
        self._screens = {name: _PlatformView(name, platform) for name, platform in platforms.items()}
        self._known: dict[tuple[bytes, bytes], str] = {}
        self.changes: list[SourceChange] = []

    def poll(self) -> None:
        """Read new messages, and decode the newest keyframe of each platform unless it was decoded before."""
        for screen in self._screens.values():
            picture = screen.newest_keyframe()
            if picture is None:
                continue
            if source := self._source(*picture):
                keyframe = picture[1]
                if source != screen.source:
                    self.changes.append(SourceChange(screen.name, source, keyframe.arrived))
                screen.source, screen.seen = source, keyframe.arrived

    def _source(self, header: RtmpMessage, keyframe: RtmpMessage) -> str:
        known = (header.payload, keyframe.payload)
        if known not in self._known:
            source = glance(file_of((header, keyframe)))
            if not source:
                return ""
            if len(self._known) >= REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[known] = source
        return self._known[known]

    def source(self, name: str) -> str:
        """Return the source of a platform's last keyframe, "" before the first."""
        return self._screens[name].source

    def has_keyframe(self, name: str, since: float) -> bool:
        """Tell whether a platform's newest keyframe, of whatever source, arrived after `since`."""
        return self._screens[name].seen > since

    def is_showing(self, name: str, sources: tuple[str, ...], since: float) -> bool:
        """Tell whether a platform's newest keyframe shows one of the sources and arrived after `since`."""
        return self._screens[name].source in sources and self.has_keyframe(name, since)

    def headers(self, name: str) -> int:
        """Return how many video sequence headers have arrived: each change of source begins with one."""
        screen = self._screens[name]
        screen.newest_keyframe(is_kept=True)
        return screen.headers

    def last_arrival(self, name: str) -> float:
        """Return when a platform received its last message."""
        return self._screens[name].arrived


class _PlatformView:
    def __init__(self, name: str, platform: PlatformServer) -> None:
        self.name = name
        self.source, self.seen, self.arrived = "", 0.0, 0.0
        self.headers = 0
        self._header: RtmpMessage | None = None
        self._platform = platform
        self._connection = self._position = 0
        self._kept: DecodableKeyframe | None = None

    def newest_keyframe(self, *, is_kept: bool = False) -> DecodableKeyframe | None:
        """Read what arrived since the last call; with `is_kept` the next call returns the same keyframe."""
        newest, self._kept = self._kept, None
        connections = self._platform.reader.update()
        while self._connection < len(connections):
            newest = self._read(connections[self._connection]) or newest
            if self._connection + 1 == len(connections):
                break
            self._connection, self._position = self._connection + 1, 0
        if is_kept:
            self._kept = newest
        return newest

    def _read(self, connection: Connection) -> DecodableKeyframe | None:
        newest = None
        for message in connection.messages[max(0, self._position - connection.forgotten) :]:
            self.arrived = max(self.arrived, message.arrived)
            if is_video_header(message):
                self._header, self.headers = message, self.headers + 1
            elif is_keyframe(message) and self._header is not None:
                # Together with its header: the next call may read that of another source.
                newest = self._header, message
        self._position = connection.forgotten + len(connection.messages)
        return newest
