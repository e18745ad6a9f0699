"""The usual way: hooks of the ingest server end this application's ffmpeg relays and start others.

Run as `python usual_app.py CONFIG` with Flask, in a container. CONFIG is JSON: "source" (the URL to play), "fallback"
(a file), "platforms" (URLs with their keys), "port". While the publisher is there each platform has a relay that
copies the stream; otherwise one that copies the fallback in a loop. A relay that ends by itself is started again.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from flask import Flask

CONFIG = json.loads(Path(sys.argv[1]).read_text())
KILL_SECONDS = 2.0
LOOK_SECONDS = 0.2
QUIETLY = ("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error")
LIVE = (*QUIETLY, "-i", CONFIG["source"])
LOOP = (*QUIETLY, "-re", "-stream_loop", "-1", "-i", CONFIG["fallback"])

app = Flask(__name__)
lock = threading.Lock()
relays: dict[str, subprocess.Popen[bytes]] = {}
is_live = False


def start(url: str) -> None:
    """Start a platform's relay."""
    source = LIVE if is_live else LOOP
    relays[url] = subprocess.Popen((*source, "-c", "copy", "-f", "flv", url))


def stop_all() -> None:
    """Terminate every relay; kill what has not left in time."""
    for relay in relays.values():
        relay.terminate()
    deadline = time.monotonic() + KILL_SECONDS
    for relay in relays.values():
        try:
            relay.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            relay.kill()
            relay.wait()
    relays.clear()


def switch(*, to_live: bool) -> None:
    """End the relays of one source and start those of the other."""
    global is_live
    with lock:
        stop_all()
        is_live = to_live
        for url in CONFIG["platforms"]:
            start(url)


def watch() -> None:
    """Start again what has ended by itself."""
    while True:
        time.sleep(LOOK_SECONDS)
        with lock:
            for url, relay in list(relays.items()):
                if relay.poll() is not None:
                    start(url)


@app.post("/on_publish")
def on_publish() -> str:
    """The publisher is there. The hook is answered at once: the server lets nobody play before it."""
    threading.Thread(target=switch, kwargs={"to_live": True}).start()
    return "0"


@app.post("/on_unpublish")
def on_unpublish() -> str:
    """The publisher has gone."""
    threading.Thread(target=switch, kwargs={"to_live": False}).start()
    return "0"


if __name__ == "__main__":
    threading.Thread(target=watch, daemon=True).start()
    app.run("127.0.0.1", CONFIG["port"], threaded=True)
