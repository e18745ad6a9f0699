"""A publisher that sends one clip over and over in real time, each packet with a number of its own.

Run as `python3 publisher.py CLIP DIRECTORY PORT APPLICATION NAME FIRST` in a container, with the lab's
modules beside it. The numbers begin with FIRST (`tests.lab.marks`); on SIGTERM it unpublishes and leaves.
DIRECTORY/events and DIRECTORY/sent are as `tests.lab.script_publisher` writes them.
"""

import itertools
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.lab import flv, marks
from tests.lab.rtmp import AUDIO, DATA, VIDEO, RtmpMessage
from tests.lab.script import Manners, ScriptStep
from tests.lab.script_publisher import (
    EventLog,
    PublisherConnection,
    PublishRefusedError,
    ServerGoneError,
    play,
)


class _Leave(Exception):  # noqa: N818
    """SIGTERM: stop streaming."""


def headers(clip: list[RtmpMessage]) -> Iterator[ScriptStep]:
    """Yield what comes before the first frame: metadata and both sequence headers."""
    for message in clip:
        if message.kind == DATA:
            yield ScriptStep(0.0, DATA, 0, flv.SET_DATA_FRAME + message.payload)
        elif not flv.is_coded(message):
            yield ScriptStep(0.0, message.kind, 0, message.payload)


def frames(clip: list[RtmpMessage], first: int) -> Iterator[ScriptStep]:
    """Yield the numbered frames of the clip, for ever. The clip begins at 0 ms with a keyframe."""
    coded = [message for message in clip if flv.is_coded(message)]
    length = round_ms(coded)
    numbers = itertools.count(first)
    for turn in itertools.count():
        for message in coded:
            stamp = message.timestamp + turn * length
            body = marks.mark(message.kind, message.payload, next(numbers))
            yield ScriptStep(stamp / 1000, message.kind, stamp, body)


def round_ms(coded: list[RtmpMessage]) -> int:
    """Return how long one round lasts: the later end of sound and picture, in ms."""
    ends = []
    for kind in (AUDIO, VIDEO):
        stamps = [message.timestamp for message in coded if message.kind == kind]
        ends.append(stamps[-1] + round((stamps[-1] - stamps[0]) / (len(stamps) - 1)))
    return max(ends)


def _leave(number: int, frame: object) -> None:
    raise _Leave(number, frame)


def main() -> None:
    """Publish until SIGTERM, or until the server closes the connection."""
    clip_file, directory, port, application, name, first = sys.argv[1:]
    clip = flv.messages_in(Path(clip_file).read_bytes())
    log = EventLog(Path(directory) / "events")
    connection = None

    try:
        signal.signal(signal.SIGTERM, _leave)
        connection = PublisherConnection(Manners(application, name), ("127.0.0.1", int(port)))
        log.note("connected")
        connection.publish()
        log.note("published")
        for step in headers(clip):
            connection.send(step)
        with (Path(directory) / "sent").open("wb", buffering=0) as sent:
            play(connection, frames(clip, int(first)), sent)
    except _Leave:
        if connection is not None:
            connection.leave()
        log.note("done")
    except PublishRefusedError as error:
        log.note("refused", str(error))
    except (ServerGoneError, OSError) as error:
        log.note("closed", str(error) or type(error).__name__)


if __name__ == "__main__":
    main()
