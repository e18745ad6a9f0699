"""`python -m tests.publishers.first_picture`: how long a publish waits for its first live picture.

The fallback is on the air. A publisher whose first packet is a keyframe comes, stays for a moment and goes,
several times. What counts is its picture at a platform.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial

from tests.demo.screen import Screen
from tests.lab import material
from tests.lab.container import Container
from tests.publishers import scripts
from tests.publishers.judge import receive
from tests.publishers.reception import sent_frames
from tests.publishers.stage import PublisherStage

SHOWN = 3.0  # seconds of each publish: the second keyframe is sent after two
APART = 1.5  # seconds of fallback before the next


def main() -> int:
    """Measure and print; return 0 if the median is within the bound."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.publishers.first_picture", description="Measure the first live picture."
    )
    parser.add_argument("--server", choices=("srs", "nginx-rtmp"), default="srs")
    parser.add_argument("--times", type=int, default=10, help="how many publishes")
    parser.add_argument("--bound", type=float, default=300.0, help="of the median, in ms")
    arguments = parser.parse_args()
    with Container() as container:
        stage = PublisherStage(container, arguments.server, Screen())
        stage.build()
        stage.product("on-air")
        stage.wait(stage.has_connections, 30, "the fallback at the platforms")
        waits = [wait for _ in range(arguments.times) for wait in first_pictures(stage)]
    print(f"{arguments.server}: {described(waits)}")
    return 0 if waits and statistics.median(waits) <= arguments.bound else 1


def first_pictures(stage: PublisherStage) -> list[float]:
    """Publish once; return the wait at each platform in ms, from the publish that was accepted."""
    stage.sleep_until(time.monotonic() + APART)
    stage.clear()
    publisher = stage.publish(scripts.both(material.picture(), material.sound(), SHOWN))
    publisher.wait_end(30)
    for name in stage.platforms:
        stage.wait(partial(stage.shows_live, name), 10, f"{name}: a live picture")
    published, connected = publisher.published(), publisher.events()[0].at
    assert published is not None
    sent = sent_frames([(publisher.steps, publisher.sent())])
    found = [
        receive(platform.reader.update(), sent, published, time.monotonic()).first_picture_ms
        for platform in stage.platforms.values()
    ]
    answered = 1000 * (published - connected)
    stage.screen.line(f"accepted {answered:.0f} ms after the connect, first pictures after {found}")
    return [wait for wait in found if wait is not None]


def described(waits: Sequence[float]) -> str:
    """Return the median and the spread in words."""
    if not waits:
        return "no live picture"
    spread = f"{min(waits):.0f} to {max(waits):.0f}"
    return f"first live picture after {statistics.median(waits):.0f} ms ({spread}, {len(waits)} values)"


if __name__ == "__main__":
    sys.exit(main())
