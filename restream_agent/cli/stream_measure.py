"""Measures what OBS sends, from the agent's status: bitrate, keyframes, size and rate over some seconds."""

import time

from restream_agent.base.errors import RestreamError
from restream_agent.cli import status_view
from restream_agent.systemd.channels import Channel
from restream_agent.wire.last_live import LastLive
from restream_agent.wire.status_report import LiveStatus

_SECONDS = 6.0
"""More than the longest keyframe interval that a preset allows (4 s). OBS's bitrate varies little over it."""


def measure(channel: Channel) -> LastLive | None:
    """Measure a channel's stream for some seconds; None if it ends or changes meanwhile.

    The measures are for hints alone, so an agent that does not answer is no error.
    """
    before = _look(channel)
    if before is None:
        return None
    time.sleep(_SECONDS)
    after = _look(channel)
    return None if after is None else measures(before, after)


def measures(before: LiveStatus, after: LiveStatus) -> LastLive | None:
    """Return the measures of a stream from two looks at it, `_SECONDS` apart.

    None if the second look saw another stream, or if less than half of that time is between them: the agent
    knows a stream as it was up to some seconds ago.
    """
    grown, seconds = after.size - before.size, after.age - before.age
    interval = max(before.keyframe_interval, after.keyframe_interval)
    stream = (before.connection, before.width, before.height)
    if grown <= 0 or seconds < _SECONDS / 2 or stream != (after.connection, after.width, after.height):
        return None
    return LastLive(
        width=after.width,
        height=after.height,
        frame_rate=after.measured_rate or after.stated_rate,
        bitrate=round(grown * 8 / seconds),
        keyframe=interval or after.keyframe_age or 0.0,  # there may have been one keyframe so far
    )


def _look(channel: Channel) -> LiveStatus | None:
    try:
        live = status_view.read(status_view.fetch(), channel.name).live
    except RestreamError:
        return None
    return live if live is not None and live.connected and live.width else None
