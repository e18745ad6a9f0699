"""What each platform receives now: whose its newest keyframe is; each is decoded once for all of them."""

from collections.abc import Mapping

from tests.lab.flv import file_of, is_keyframe, is_video_header
from tests.lab.picture import glance
from tests.lab.platform import Platform
from tests.lab.rtmp import Message
from tests.lab.taps import Connection

REMEMBERED = 200  # pictures whose source is known; the fallback's come again and again


class View:
    """Looks at every platform when polled; times are seconds of the monotonic clock."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self._screens = {name: _Screen(platform) for name, platform in platforms.items()}
        self._known: dict[bytes, str] = {}

    def poll(self) -> None:
        """Read what has arrived, and decode the newest keyframe of each platform unless it is known."""
        for screen in self._screens.values():
            keyframe = screen.newest_keyframe()
            if keyframe is None or screen.header is None:
                continue
            if keyframe.payload not in self._known:
                if len(self._known) >= REMEMBERED:
                    self._known.pop(next(iter(self._known)))
                self._known[keyframe.payload] = glance(file_of((screen.header, keyframe)))
            if source := self._known[keyframe.payload]:
                screen.changes += source != screen.source
                screen.source, screen.seen = source, keyframe.arrived

    def source(self, name: str) -> str:
        """Return whose picture a platform received last, "" before the first."""
        return self._screens[name].source

    def is_showing(self, name: str, sources: tuple[str, ...], since: float) -> bool:
        """Tell whether a platform's newest keyframe shows one of these, and came after a moment."""
        screen = self._screens[name]
        return screen.source in sources and screen.seen > since

    def changes(self) -> int:
        """Return how often the source has changed so far, over all platforms."""
        return sum(screen.changes for screen in self._screens.values())

    def headers(self, name: str) -> int:
        """Return how many sequence headers of video have come so far: each cut begins with one."""
        screen = self._screens[name]
        screen.newest_keyframe(is_kept=True)
        return screen.headers

    def last_arrival(self, name: str) -> float:
        """Return when a platform received its last message."""
        return self._screens[name].arrived


class _Screen:
    def __init__(self, platform: Platform) -> None:
        self.source, self.seen, self.arrived = "", 0.0, 0.0
        self.changes = self.headers = 0
        self.header: Message | None = None
        self._platform = platform
        self._connection = self._position = 0
        self._kept: Message | None = None

    def newest_keyframe(self, *, is_kept: bool = False) -> Message | None:
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

    def _read(self, connection: Connection) -> Message | None:
        found = None
        for message in connection.messages[max(0, self._position - connection.forgotten) :]:
            self.arrived = max(self.arrived, message.arrived)
            if is_video_header(message):
                self.header, self.headers = message, self.headers + 1
            elif is_keyframe(message):
                found = message
        self._position = connection.forgotten + len(connection.messages)
        return found
