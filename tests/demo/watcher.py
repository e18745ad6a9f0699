"""The source that each platform receives now, shown on the screen while the broadcast runs."""

import time
from dataclasses import dataclass

from tests.demo.screen import Screen
from tests.lab.deadline import PATIENCE, POLL_SECONDS, LabError
from tests.lab.flv import file_of, is_keyframe, is_video_header
from tests.lab.picture import glance
from tests.lab.platform import PlatformServer
from tests.lab.rtmp import RtmpMessage

RATE_SECONDS = 2.0


@dataclass
class _PlatformScreen:
    platform: PlatformServer
    source: str = ""
    seen: float = 0.0  # arrival of the keyframe that showed it
    connection: int = 0
    position: int = 0
    header: RtmpMessage | None = None


class Watcher:
    """Decodes each platform's newest keyframe, and prints a line when its source changes."""

    def __init__(self, platforms: tuple[PlatformServer, ...], screen: Screen) -> None:
        self._views = [_PlatformScreen(platform) for platform in platforms]
        self._screen = screen

    def poll(self) -> None:
        """Read every platform once."""
        for view in self._views:
            keyframe = _newest_keyframe(view)
            if keyframe is None or view.header is None:
                continue
            source = glance(file_of((view.header, keyframe)))
            if source and source != view.source:
                self._screen.line(f"  {view.platform.name} receives {source}", source)
            view.source, view.seen = source or view.source, keyframe.arrived

    def watch(self, seconds: float) -> None:
        """Poll for some seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.poll()
            time.sleep(POLL_SECONDS)

    def wait_for(self, source: str, *, since: float, timeout: float) -> None:
        """Poll until every platform has received a keyframe of a source after a time; LabError if not."""
        deadline = time.monotonic() + timeout * PATIENCE
        while not all(view.source == source and view.seen > since for view in self._views):
            if time.monotonic() > deadline:
                shown = ", ".join(f"{view.platform.name} {view.source or 'nothing'}" for view in self._views)
                raise LabError(
                    f"not every platform received {source} within {timeout * PATIENCE:g} s: {shown}"
                )
            self.poll()
            time.sleep(POLL_SECONDS)

    def summary(self) -> str:
        """Return one line with each platform's source and its rate over the last two seconds."""
        return "   ".join(
            f"{view.platform.name}: {self._screen.paint(view.source or 'nothing', view.source)} {_rate(view)}"
            for view in self._views
        )


def _newest_keyframe(view: _PlatformScreen) -> RtmpMessage | None:
    """Return the newest keyframe that arrived since the last call, over all connections in turn."""
    newest = None
    connections = view.platform.reader.update()
    while view.connection < len(connections):
        messages = connections[view.connection].messages
        for message in messages[view.position :]:
            if is_video_header(message):
                view.header = message
            elif is_keyframe(message):
                newest = message
        view.position = len(messages)
        if view.connection + 1 == len(connections):
            break
        view.connection, view.position = view.connection + 1, 0
    return newest


def _rate(view: _PlatformScreen) -> str:
    """Return the rate of the last RATE_SECONDS in Mb/s, in words."""
    since = time.monotonic() - RATE_SECONDS
    size = 0
    for connection in view.platform.reader.connections:
        for message in reversed(connection.messages):
            if message.arrived < since:
                break
            size += len(message.payload)
    return f"{size * 8 / RATE_SECONDS / 1e6:.1f} Mb/s"
