"""The usual way: hooks of the ingest server end this application's ffmpeg relays and start others.

Run as `python usual_app.py CONFIG` with Flask, in a container. CONFIG is JSON: "source" (the URL to play),
"fallback" (a file), "platforms" (URLs with their keys), "port". While the publisher is there each platform
has a relay that copies the stream; otherwise one that copies the fallback in a loop. A relay that ends by
itself is started again.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from flask import Flask

KILL_SECONDS = 2.0
LOOK_SECONDS = 0.2
QUIETLY = ("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error")


class Relays:
    """A relay for each platform, from one source at a time."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._live = (*QUIETLY, "-i", config["source"])
        self._loop = (*QUIETLY, "-re", "-stream_loop", "-1", "-i", config["fallback"])
        self._platforms: list[str] = config["platforms"]
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._source: tuple[str, ...] = self._loop
        self._lock = threading.Lock()

    def on_publish(self) -> str:
        """Switch to the publisher, after the answer: until then the server lets nobody play."""
        threading.Thread(target=self._switch, args=(self._live,)).start()
        return "0"

    def on_unpublish(self) -> str:
        """Switch to the fallback."""
        threading.Thread(target=self._switch, args=(self._loop,)).start()
        return "0"

    def watch(self) -> None:
        """Start again what has ended by itself."""
        while True:
            time.sleep(LOOK_SECONDS)
            with self._lock:
                for url, relay in tuple(self._running.items()):
                    if relay.poll() is not None:
                        self._start(url)

    def _switch(self, source: tuple[str, ...]) -> None:
        with self._lock:
            self._stop_all()
            self._source = source
            for url in self._platforms:
                self._start(url)

    def _start(self, url: str) -> None:
        self._running[url] = subprocess.Popen((*self._source, "-c", "copy", "-f", "flv", url))

    def _stop_all(self) -> None:
        """Terminate every relay; kill what has not left in time."""
        for relay in self._running.values():
            relay.terminate()
        deadline = time.monotonic() + KILL_SECONDS
        for relay in self._running.values():
            try:
                relay.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                relay.kill()
                relay.wait()
        self._running.clear()


def main() -> None:
    """Serve the hooks until killed."""
    config = json.loads(Path(sys.argv[1]).read_text())
    relays, app = Relays(config), Flask(__name__)
    app.add_url_rule("/on_publish", view_func=relays.on_publish, methods=["POST"])
    app.add_url_rule("/on_unpublish", view_func=relays.on_unpublish, methods=["POST"])
    threading.Thread(target=relays.watch, daemon=True).start()
    app.run("127.0.0.1", config["port"], threaded=True)


if __name__ == "__main__":
    main()
