"""Looking over the platforms' shoulders while the broadcast runs: whose picture does each receive now?"""

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
    """Decodes each platform's newest keyframe and says so on the screen when the source has changed."""

    def __init__(self, platforms: tuple[PlatformServer, ...], screen: Screen) -> None:
        self._views = [_PlatformScreen(platform) for platform in platforms]
        self._screen = screen

    def poll(self) -> None:
        """Look once at every platform."""
        for view in self._views:
            keyframe = _newest_keyframe(view)
            if keyframe is None or view.header is None:
                continue
            source = glance(file_of((view.header, keyframe)))
            if source and source != view.source:
                self._screen.line(f"  {view.platform.name} receives {source}", source)
            view.source, view.seen = source or view.source, keyframe.arrived

    def watch(self, seconds: float) -> None:
        """Look on for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.poll()
            time.sleep(POLL_SECONDS)

    def wait_for(self, source: str, *, since: float, timeout: float) -> None:
        """Look on until every platform has received a keyframe of a source that arrived after a moment."""
        deadline = time.monotonic() + timeout * PATIENCE
        while not all(view.source == source and view.seen > since for view in self._views):
            if time.monotonic() > deadline:
                shown = ", ".join(f"{view.platform.name} {view.source or 'nothing'}" for view in self._views)
                raise LabError(f"not every platform received {source} within {timeout:g} s: {shown}")
            self.poll()
            time.sleep(POLL_SECONDS)

    def summary(self) -> str:
        """Say in one line what each platform is receiving, with the rate of the last two seconds."""
        return "   ".join(
            f"{view.platform.name}: {self._screen.paint(view.source or 'nothing', view.source)} {_rate(view)}"
            for view in self._views
        )


def _newest_keyframe(view: _PlatformScreen) -> RtmpMessage | None:
    """Go through what arrived since the last look, over all connections in turn."""
    found = None
    connections = view.platform.reader.update()
    while view.connection < len(connections):
        messages = connections[view.connection].messages
        for message in messages[view.position :]:
            if is_video_header(message):
                view.header = message
            elif is_keyframe(message):
                found = message
        view.position = len(messages)
        if view.connection + 1 == len(connections):
            break
        view.connection, view.position = view.connection + 1, 0
    return found


def _rate(view: _PlatformScreen) -> str:
    """Return the rate of the last two seconds in Mb/s, in words."""
    since = time.monotonic() - RATE_SECONDS
    size = 0
    for connection in view.platform.reader.connections:
        for message in reversed(connection.messages):
            if message.arrived < since:
                break
            size += len(message.payload)
    return f"{size * 8 / RATE_SECONDS / 1e6:.1f} Mb/s"
