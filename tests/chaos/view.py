"""What each platform receives now: whose its newest keyframe is; each is decoded once for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.flv import file_of, is_keyframe, is_video_header
from tests.lab.picture import glance
from tests.lab.platform import PlatformServer
from tests.lab.rtmp import RtmpMessage
from tests.lab.taps import Connection

REMEMBERED = 200  # pictures whose source is known; the fallback's come again and again


DecodableKeyframe = tuple[RtmpMessage, RtmpMessage]  # a sequence header and the keyframe to decode with it


@dataclass(frozen=True)
class SourceChange:
    """A platform receives another source than before, from a keyframe on that arrived at a time."""

    platform: str
    source: str
    time: float


class View:
    """Looks at every platform when polled; times are seconds of the monotonic clock."""

    def __init__(self, platforms: Mapping[str, PlatformServer]) -> None:
        self._screens = {name: _PlatformView(name, platform) for name, platform in platforms.items()}
        self._known: dict[tuple[bytes, bytes], str] = {}
        self.changes: list[SourceChange] = []

    def poll(self) -> None:
        """Read what has arrived, and decode the newest keyframe of each platform unless it is known."""
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
        """Return whose picture a platform received last, "" before the first."""
        return self._screens[name].source

    def is_showing(self, name: str, sources: tuple[str, ...], since: float) -> bool:
        """Tell whether a platform's newest keyframe shows one of these, and came after a moment."""
        screen = self._screens[name]
        return screen.source in sources and screen.seen > since

    def headers(self, name: str) -> int:
        """Return how many sequence headers of video have come so far: each cut begins with one."""
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
        """Go through what arrived since the last look; is_kept: the keyframe found is given next time."""
        found, self._kept = self._kept, None
        connections = self._platform.reader.update()
        while self._connection < len(connections):
            found = self._read(connections[self._connection]) or found
            if self._connection + 1 == len(connections):
                break
            self._connection, self._position = self._connection + 1, 0
        if is_kept:
            self._kept = found
        return found

    def _read(self, connection: Connection) -> DecodableKeyframe | None:
        found = None
        for message in connection.messages[max(0, self._position - connection.forgotten) :]:
            self.arrived = max(self.arrived, message.arrived)
            if is_video_header(message):
                self._header, self.headers = message, self.headers + 1
            elif is_keyframe(message) and self._header is not None:
                # With the header before it: by the next look another source's may have come.
                found = self._header, message
        self._position = connection.forgotten + len(connection.messages)
        return found
