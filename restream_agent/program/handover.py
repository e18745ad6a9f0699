"""What the program leaves to its successor at a planned restart: all that live needs to go on.

Live goes on at its next tag, of which half may have come. systemd keeps the sockets in its descriptor store;
the rest is a file in the runtime directory. The format is that of this version alone. What the successor
cannot read, or what is not of the process just before it, is as if it were not there: then it goes on as
after a crash (crash_state.py). The file is removed before it is used: nothing in it can stop two processes.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from restream_agent.program.journal import log
from restream_agent.program.live_connection import LiveConnection, Remarks, RuleBreaks
from restream_agent.program.track_log import TrackLog
from restream_agent.stream.fanout import Backlog, RelayQueue
from restream_agent.stream.output import Output
from restream_agent.stream.splice import Splice
from restream_agent.stream.timeline import Timeline
from restream_agent.wire.snapshot import LARGEST, Format, SnapshotError

LIVE_NAME = "live-connection"
"""The name of the connection of `live@` in the descriptor store."""

FORMAT = Format(
    1,
    {
        Splice: ("settings", "_radio", "_fallback"),
        Timeline: ("last",),
        Output: ("_timeline",),
        Backlog: ("_limits",),
        RelayQueue: ("limits",),
        LiveConnection: ("socket", "_carried"),
    },
)
"""To be raised when an attribute changes its meaning: that its name or type has changed is seen by itself."""


@dataclass
class Handover:
    """The state at the time `at`, in ms of the broadcast.

    `last` has the last timestamps sent, which tell whether another process has sent anything since. `queues`
    are those of the relays, by the names of their connections in the descriptor store.
    """

    at: int
    last: dict[int, int]
    splice: Splice
    publisher: LiveConnection | None
    backlog: Backlog
    queues: dict[str, RelayQueue]
    rule_breaks: RuleBreaks
    remarks: Remarks
    track_log: TrackLog


def write(directory: Path, left: Handover) -> bool:
    """Write the state; return whether there is a successor that may read it.

    The successor runs the files that are installed now. If this one is not among them, it is of a version
    that knows no handover, and a connection that it does not know would disturb it.
    """
    if not Path(__file__).exists():
        return False
    try:
        pieces = FORMAT.dump(left)
        draft = directory / "handover.new"
        with draft.open("wb") as file:
            file.writelines(pieces)
        draft.replace(directory / "handover")
    except (OSError, TypeError, AttributeError) as error:
        log(4, f"nothing is handed over: {error}")
        return False
    return True


def take(directory: Path, last: Mapping[int, int]) -> Handover | None:
    """Remove the state that was left, and return it if it is that of the process just before this one.

    `last` has the last timestamps that the process before this one has sent.
    """
    try:
        data = _removed(directory / "handover")
        if data is None:
            return None
        left = FORMAT.load(Handover, data)
    except (OSError, SnapshotError) as error:
        log(4, f"what was handed over is of no use: {error}")
        return None
    return left if left.last == last else None


def _removed(path: Path) -> bytes | None:
    """Remove a file and return what was in it, None if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    finally:
        path.unlink(missing_ok=True)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise SnapshotError("it is no file of this size")
        return file.read(LARGEST)
