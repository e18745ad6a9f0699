"""Waits for the end of a broadcast: what is started meanwhile would cancel the end, or be stopped by it."""

import time

from restream_agent.base.errors import RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.systemctl import Systemd

_LONGEST = 60.0
"""Seconds. TimeoutStartSec= of restream-off-air.service is shorter."""

_LOOK_EVERY = 0.2


def wait(manager: Systemd, channel: Channel = MAIN_CHANNEL) -> None:
    """Wait until an off-air of a channel that is under way has ended; RestreamError if it does not end.

    `manager` is the whole machine's, or for MAIN_CHANNEL that of any channel.
    """
    deadline = time.monotonic() + _LONGEST
    unit = channel.unit(unit_names.HOLD_SERVICE)
    while manager.active(unit).get(unit) == "activating":
        if time.monotonic() > deadline:
            raise RestreamError("the broadcast is still ending", hint="try again in a minute")
        time.sleep(_LOOK_EVERY)
